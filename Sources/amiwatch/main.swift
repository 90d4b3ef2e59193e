import Glibc

exit(CommandShell.run(CommandLine.arguments).rawValue)
