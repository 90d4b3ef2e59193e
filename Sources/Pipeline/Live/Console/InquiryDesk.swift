import Synchronization

/// Where inquiries wait for the detector, which looks here between two transactions.
///
/// Bounded, and each is there once, however many want to know: whoever asks never makes the detector do more than a
/// slice at a time. While nobody asks it costs the detector one look at a number.
final class InquiryDesk: Sendable {
    private struct Notes {
        var waiting: [Inquiry] = []
        /// Waiting, or being answered.
        var asked: Set<Inquiry> = []
        var answers: [(Inquiry, InquiryAnswer)] = []
        var wake: (@Sendable () -> Void)?
    }

    private let notes = Mutex(Notes())
    private let count = Atomic<Int>(0)

    /// So many may wait.
    static let limit = 16

    /// Whether anything is asked.
    var isAsked: Bool { count.load(ordering: .relaxed) > 0 }

    /// Called when an answer has come, on the detector's thread: it has to return at once.
    func onAnswer(_ wake: @escaping @Sendable () -> Void) { notes.withLock { $0.wake = wake } }

    /// Asks, unless the same is asked already; false when too many others wait.
    func ask(_ inquiry: Inquiry) -> Bool {
        notes.withLock { notes in
            if notes.asked.contains(inquiry) { return true }
            guard notes.asked.count < Self.limit else { return false }
            notes.asked.insert(inquiry)
            notes.waiting.append(inquiry)
            count.store(notes.asked.count, ordering: .relaxed)
            return true
        }
    }

    /// The next one to be answered; nil when none waits.
    func next() -> Inquiry? {
        notes.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    func answer(_ inquiry: Inquiry, _ answer: InquiryAnswer) {
        let wake = notes.withLock { notes in
            notes.asked.remove(inquiry)
            notes.answers.append((inquiry, answer))
            count.store(notes.asked.count, ordering: .relaxed)
            return notes.wake
        }
        wake?()
    }

    /// The answers since the last call.
    func takeAnswers() -> [(Inquiry, InquiryAnswer)] {
        notes.withLock { notes in
            defer { notes.answers = [] }
            return notes.answers
        }
    }
}
