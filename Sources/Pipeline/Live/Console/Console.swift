import Alerts
import CloudTrail
import Configuration
import Detection
import Foundation
package import HTTP
import Kafka
import Synchronization

/// Answers whoever looks at a run: the page, and the JSON API that it reads.
///
/// What the board has is answered at once. What the state has is asked of the detector and made into JSON on a thread of
/// its own; so neither a slow client nor a long list holds the detector, or the server.
package final class Console: HTTPResponder {
    private struct Asked: Sendable {
        let request: ConsoleRequest
        let since = ContinuousClock.now
        let complete: @Sendable (HTTPResponse) -> Void
    }

    private let board: RunBoard
    private let configuration: RunConfiguration
    private let accountPartitions: Int
    private let inbox = Mutex<[Asked]>([])
    private let progress: Mutex<StatusDocument>
    private let wake = DispatchSemaphore(value: 0)

    /// So many calls may wait for the detector.
    private static let limit = 64
    /// How old an answer may be that several get, beside what the detector's work on it has to do with it.
    private static let sameAnswer = Duration.milliseconds(1500)
    /// After which an old answer is better than none, and after which there is none.
    private static let (patience, longestWait) = (Duration.seconds(3), Duration.seconds(10))
    /// How long answers are kept that nobody asks for.
    private static let keeping = Duration.seconds(60)

    init(_ configuration: RunConfiguration, accountPartitions: Int, board: RunBoard) {
        (self.configuration, self.accountPartitions, self.board) = (configuration, accountPartitions, board)
        progress = Mutex(StatusDocument(configuration, accountPartitions))
        board.inquiries?.onAnswer { [wake] in wake.signal() }
    }

    // MARK: On the server's thread

    package func answer(_ request: HTTPRequest) -> HTTPAnswer? {
        switch request.path {
        case "/api/status": return .now(.json(progress.withLock { $0.json(board) }))
        case "/api/alerts": return .now(alerts(request))
        default: break
        }
        if let file = PageFiles.response(to: request.path) { return .now(file) }
        do throws(BadRequest) {
            guard let asked = try ConsoleRequest(request) else { return nil }
            guard board.inquiries != nil, configuration.roles.contains(.detector) else {
                return .now(.error(404, "this worker has no detector, and so no state"))
            }
            return .later { [weak self] complete in
                guard let self else { return complete(.busy("the worker ends")) }
                take(Asked(request: asked, complete: complete))
            }
        } catch { return .now(.error(400, error.message)) }
    }

    private func take(_ asked: Asked) {
        let isTaken = inbox.withLock { inbox in
            guard inbox.count < Self.limit else { return false }
            inbox.append(asked)
            return true
        }
        guard isTaken else { return asked.complete(.busy("too many calls wait")) }
        wake.signal()
    }

    private func alerts(_ request: HTTPRequest) -> HTTPResponse {
        guard let feed = board.alertFeed else { return .error(404, "this worker publishes no alerts") }
        do throws(BadRequest) {
            let after = try request.number("after", 0...(.max)) ?? 0
            let limit = try request.number("limit", 1...AlertFeed.limit) ?? AlertFeed.limit
            return .json(Self.json(feed, after: after, limit: limit))
        } catch { return .error(400, error.message) }
    }

    /// The newest that fit, the oldest of them first.
    private static func json(_ feed: AlertFeed, after number: Int, limit: Int) -> [UInt8] {
        let (entries, last) = feed.entries(after: number)
        var bytes = 1000
        let shown = entries.reversed().prefix(limit).prefix { entry in
            bytes += entry.line.count + 40
            return bytes < ConsoleDocuments.largest
        }.reversed()
        var json = JSONWriter()
        json.object { json in
            json.member("schema", "amiwatch.feed/1")
            json.member("run", run)
            json.member("last", last)
            json.member("not_shown", max(0, last - number - shown.count))
            json.key("alerts")
            json.array { json in
                for entry in shown {
                    json.object { json in
                        json.member("number", entry.number)
                        json.key("alert")
                        json.value(entry.line)
                    }
                }
            }
        }
        return json.bytes
    }

    /// Tells the numbers of one process from those of another.
    private static let run = String(UInt64.random(in: .min ... .max), radix: 36)

    // MARK: On a thread of its own

    /// Starts to answer, on a thread that ends with the run.
    func start() -> RunThread {
        RunThread("console", board: board) { [self] in
            var pending: [Asked] = []
            var answers: [Inquiry: InquiryAnswer] = [:]
            while !board.isStopping {
                _ = wake.wait(timeout: .now() + 0.25)
                let taken = inbox.withLock { inbox in
                    defer { inbox = [] }
                    return inbox
                }
                pending += taken
                for (inquiry, answer) in board.inquiries?.takeAnswers() ?? [] { answers[inquiry] = answer }
                pending.removeAll { settle($0, answers) }
                answers = answers.filter { .now - $0.value.answered < Self.keeping }
            }
            for asked in pending { asked.complete(.busy("the worker ends")) }
        }
    }

    /// Answers a call, or asks what it needs; false when it has to wait.
    private func settle(_ asked: Asked, _ answers: [Inquiry: InquiryAnswer]) -> Bool {
        let waited = ContinuousClock.now - asked.since
        let documents = ConsoleDocuments(
            partitions: (board.detectorReport.partitions, accountPartitions),
            feed: board.alertFeed ?? AlertFeed()
        ) { (inquiry) throws(ConsoleDocuments.MissingAnswer) in
            guard let answer = answers[inquiry] else { throw .init(inquiry: inquiry) }
            let oldest = asked.since - Self.sameAnswer - answer.work * 20
            let isFresh = answer.answered >= asked.since || (answer.isReady && answer.answered >= oldest)
            guard isFresh || (waited > Self.patience && answer.isReady) else { throw .init(inquiry: inquiry) }
            return answer
        }
        do throws(ConsoleDocuments.MissingAnswer) {
            asked.complete(try documents.response(to: asked.request))
            return true
        } catch {
            guard waited < Self.longestWait else {
                let cause = board.waiting(of: "detector")?.cause ?? board.detectorActivity
                asked.complete(.busy("the detector does not answer: \(cause)"))
                return true
            }
            if board.inquiries?.ask(error.inquiry) ?? false { return false }
            asked.complete(.busy("too many questions wait for the detector"))
            return true
        }
    }
}

extension InquiryAnswer {
    fileprivate var isReady: Bool { if case .notReady = content { false } else { true } }
}
