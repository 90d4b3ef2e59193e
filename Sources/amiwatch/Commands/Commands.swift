extension Command {
    /// Every command, in the order of the help.
    static let all: [Command] = [
        .run,
        .replay,
        .diff,
        .test,
        .findings,
        .state,
        .explain,
        .check,
        .inventory,
        .topics,
        .republish,
        .rules,
    ]
}
