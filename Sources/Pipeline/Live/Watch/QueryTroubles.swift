import Configuration
import Kafka

/// Questions about offsets that Kafka has not answered: logged when they fail a second time, and together.
///
/// They are the watch's own: what they mean for the work those say who do it.
struct QueryTroubles {
    private struct Trouble {
        var error: KafkaError
        let since: ContinuousClock.Instant
    }

    /// By what was asked.
    private var failing: [String: Trouble] = [:]
    /// Since when something fails that is logged, and when it is logged again; nil while nothing is.
    private var logged: (since: ContinuousClock.Instant, next: ContinuousClock.Instant)?
    private var asked = 0

    /// Begins another look.
    mutating func begin() { asked = 0 }

    /// Whether this question had no answer last time.
    func isFailing(_ what: String) -> Bool { failing[what] != nil }

    /// Asks; nil without an answer.
    mutating func ask<Answer>(_ what: String, _ question: () throws(KafkaError) -> Answer) -> Answer? {
        asked += 1
        do throws(KafkaError) {
            let answer = try question()
            failing[what] = nil
            return answer
        } catch {
            let since = failing[what]?.since ?? .now
            failing[what] = Trouble(error: error, since: since)
            return nil
        }
    }

    /// What is to be said now: what has failed for so long, and that all is well again.
    mutating func lines(patience: Duration, pause: Duration) -> [RunLog.Line] {
        let now = ContinuousClock.now
        let old = failing.filter { now - $0.value.since >= patience }.sorted { $0.key < $1.key }
        guard let first = old.min(by: { $0.value.since < $1.value.since })?.value else {
            guard failing.isEmpty, asked > 0, let logged else { return [] }
            self.logged = nil
            let seconds: RunLog.Fields = ["seconds": .number(logged.since.seconds)]
            return [.init(level: .info, message: "offsets can be queried again", fields: seconds)]
        }
        guard now >= logged?.next ?? now else { return [] }
        logged = (logged?.since ?? first.since, now + pause)
        // An unanswered question is not the work's end, but it may be the first sign of it.
        let fate =
            old.allSatisfy { $0.value.error.isUnreachable } ? "Kafka does not answer" : "processing continues"
        return [
            RunLog.Line(
                level: .warning,
                message: "cannot query offsets (\(first.error.name)); \(fate)",
                fields: [
                    "of": .texts(old.map(\.key)), "seconds": .number(first.since.seconds),
                    "cause": .text("\(first.error)"),
                ]
            )
        ]
    }
}

extension KafkaError {
    /// Whether no broker has answered at all.
    var isUnreachable: Bool { [.transport, .allBrokersDown, .timedOut, .resolve].contains(code) }
}
