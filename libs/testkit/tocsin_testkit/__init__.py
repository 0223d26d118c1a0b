"""What tests share and users never get: real servers to test against, and waiting for conditions."""
