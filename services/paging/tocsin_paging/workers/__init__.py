"""What paging does by itself: sends pages, takes steps that are due, and audits itself."""
