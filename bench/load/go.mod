module tocsin-bench

go 1.21
