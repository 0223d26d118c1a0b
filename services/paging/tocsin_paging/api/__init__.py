"""JSON routes and their schemas, one file per resource. They decide nothing."""
