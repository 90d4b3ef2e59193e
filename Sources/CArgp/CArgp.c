#include "CArgp.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keys below are letters: the short forms of options. */
enum { FIRST_KEY = 0x1000 };

struct reading {
    const struct carg_command *command;
    void *context;
    carg_visit visit;
    int failed; /* index into argv of the word that no option fits */
};

static error_t one(int key, char *value, struct argp_state *state)
{
    struct reading *reading = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        reading->visit(reading->context, -1, value);
        return 0;
    case ARGP_KEY_ERROR:
        /* getopt has moved past the word, unless the letter stands within a group such as -qx. */
        reading->failed = state->next > 1 ? state->next - 1 : 1;
        return 0;
    case ARGP_KEY_INIT: case ARGP_KEY_NO_ARGS: case ARGP_KEY_END: case ARGP_KEY_SUCCESS: case ARGP_KEY_FINI:
        return 0;
    default:
        break;
    }
    for (size_t i = 0; i < reading->command->count; i++)
        if (key == reading->command->options[i].letter || key == FIRST_KEY + (int)i) {
            reading->visit(reading->context, (int)i, value);
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

/* The table in argp's form, ended by an empty entry; the caller frees it. */
static struct argp_option *table(const struct carg_command *command)
{
    struct argp_option *options = calloc(command->count + 1, sizeof *options);
    for (size_t i = 0; options && i < command->count; i++) {
        const struct carg_option *option = &command->options[i];
        options[i].name = option->name;
        options[i].key = option->letter ? option->letter : FIRST_KEY + (int)i;
        options[i].arg = option->value;
        options[i].doc = option->doc;
        /* One group each: argp then keeps the order of the table instead of sorting by name. */
        options[i].group = (int)i + 1;
    }
    return options;
}

int carg_parse(
    const struct carg_command *command, int argc, char **argv, void *context, carg_visit visit)
{
    struct reading reading = {command, context, visit, 0};
    struct argp_option *options = table(command);
    /* getopt sorts the words: it gets an array of its own, whose first word is the program. */
    char **words = calloc((size_t)argc + 2, sizeof *words);
    int result = -1;
    if (options && words) {
        struct argp argp = {options, one, NULL, NULL, NULL, NULL, NULL};
        words[0] = (char *)command->name;
        memcpy(words + 1, argv, (size_t)argc * sizeof *words);
        error_t error = argp_parse(&argp, argc + 1, words, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT, NULL, &reading);
        result = 0;
        if (error == ENOMEM)
            result = -1;
        else if (error) {
            /* The word's index among the caller's, which getopt has not moved. */
            const char *word = words[reading.failed > argc ? argc : reading.failed];
            for (result = 1; result < argc && argv[result - 1] != word;)
                result++;
        }
    }
    free(words);
    free(options);
    return result;
}

void carg_help(const struct carg_command *command, bool brief)
{
    struct argp_option *options = table(command);
    if (!options)
        return;
    struct argp argp = {options, one, command->arguments, command->doc, NULL, NULL, NULL};
    argp_help(&argp, stdout, brief ? ARGP_HELP_USAGE : ARGP_HELP_LONG | ARGP_HELP_DOC | ARGP_HELP_USAGE,
        (char *)command->name);
    fflush(stdout);
    free(options);
}
