"""The look shared by the pages of all five services: layouts, macros, styles, icons and the headers that guard them."""
