"""What the black-box tests stand on: servers to test, clients to test them with, and ways to wait."""
