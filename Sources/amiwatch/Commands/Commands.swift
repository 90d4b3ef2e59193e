extension Command {
    /// Every command, in the order of the help.
    static let all: [Command] = [
        .run,
        .replay,
        .verify,
        .diff,
        .test,
        .findings,
        .state,
        .explain,
        .check,
        .inventory,
        .topics,
        .republish,
        .deadLetters,
        .verifyAlerts,
        .rules,
    ]
}
