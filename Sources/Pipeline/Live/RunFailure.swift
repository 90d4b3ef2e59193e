import Kafka

/// Why a run ended before its time: one line that says what, where, and what to do.
package struct RunFailure: Error, Sendable, CustomStringConvertible {
    /// What and where.
    let fact: String
    /// What to do.
    let advice: String?
    /// Kafka's error, where that is the reason.
    let cause: KafkaError?

    package var description: String { advice.map { "\(fact); \($0)" } ?? fact }

    package init(_ description: String) { self.init(description, advice: nil, cause: nil) }

    /// The topics that do not exist any more, where that is the reason.
    let gone: [String]

    init(_ fact: String, advice: String?, cause: KafkaError?, gone: [String] = []) {
        (self.fact, self.advice, self.cause, self.gone) = (fact, advice, cause, gone)
    }

    /// What ended a run: a failure as it is, an error of Kafka's with what to do about it.
    init(_ error: any Error) {
        self =
            switch error {
            case let failure as RunFailure: failure
            case let error as KafkaError: Trouble.failure(error)
            default: RunFailure("\(error)")
            }
    }
}
