// Without Foundation, through which `stdout` would come too, and not as what the compiler need not worry about.
@preconcurrency import Glibc

/// Prints line by line also into a file, for a benchmark takes minutes.
func printLineByLine() { setvbuf(stdout, nil, _IOLBF, 0) }
