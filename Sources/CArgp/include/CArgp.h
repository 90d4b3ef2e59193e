#pragma once

#include <stdbool.h>
#include <stddef.h>

/// One option of a command. `name` and `doc` are there always; `value` names the option's value, NULL for a flag;
/// `letter` is the short form, 0 for none.
struct carg_option {
    const char *_Nonnull name;
    const char *_Nullable value;
    const char *_Nonnull doc;
    int letter;
};

/// One command: what its help says, and its options. All of it stays the caller's.
struct carg_command {
    const char *_Nonnull name;       ///< "amiwatch check", for the usage line
    const char *_Nullable arguments; ///< "PATH...", NULL when the command takes none
    const char *_Nonnull doc;        ///< text before the options, then \v, then text after them
    const struct carg_option *_Nonnull options;
    size_t count;
};

/// Called once for each option in the order of the command line (`option` is its index), and for each argument
/// (`option` is -1). The value lives until carg_parse returns; NULL for a flag.
typedef void (*carg_visit)(void *_Nullable context, int option, const char *_Nullable value);

/// Parses `argv` (without the program and the command) by glibc's argp. Prints nothing and never exits.
/// Returns 0, or the 1-based index of the word that no option fits, or -1 when memory is short.
int carg_parse(
    const struct carg_command *_Nonnull command, int argc, char *_Nullable *_Nonnull argv, void *_Nullable context,
    carg_visit _Nonnull visit);

/// Prints the command's help (or, when `brief`, its usage) to standard output.
void carg_help(const struct carg_command *_Nonnull command, bool brief);
