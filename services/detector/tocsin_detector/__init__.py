"""The detector: takes alerts in from any tool, makes one of many messages, groups them, tells the incidents service."""
