import CloudTrail
import Synchronization

/// Comparisons of image criteria made so far: whenever an account's criteria in a Region are judged again, all lists since the first
/// are, and each pair of them is compared only once.
///
/// What is remembered changes how long judging takes, and nothing else.
final class CriteriaComparisons: Sendable {
    private struct Pair: Hashable {
        let account: AccountID
        /// Where the lists are in memory: what is remembered holds on to them, so that nothing else can be there.
        let old: UInt
        let new: UInt
    }

    private struct Known {
        var lists: [UInt: [ImageCriterion]] = [:]
        var comparisons: [Pair: CriteriaComparison.Weakening?] = [:]
        var bytes = 0
        var steps = 0

        mutating func hold(_ list: [ImageCriterion], at slot: UInt) {
            guard lists.updateValue(list, forKey: slot) == nil else { return }
            bytes += list.reduce(0) { $0 + $1.textBytes }
        }
    }

    private let known = Mutex(Known())
    /// Steps that one comparison may take.
    private let limit: Int

    init(steps limit: Int = CriteriaComparison.steps) { self.limit = limit }

    /// With so many comparisons, or so many bytes of lists, everything is forgotten.
    private static let (maximumCount, maximumBytes) = (65_536, 64 << 20)

    /// Comparisons that are remembered.
    var count: Int { known.withLock(\.comparisons.count) }

    /// Steps that all comparisons took.
    var steps: Int { known.withLock(\.steps) }

    /// What a list admits beyond an older one, in an account; nil when nothing.
    func weakening(
        from old: [ImageCriterion],
        to new: [ImageCriterion],
        in account: AccountID
    ) -> CriteriaComparison.Weakening? {
        guard let oldSlot = Self.slot(of: old), let newSlot = Self.slot(of: new) else {
            var budget = StepBudget(limit)
            return CriteriaComparison(account: account).weakening(from: old, to: new, &budget)
        }
        let pair = Pair(account: account, old: oldSlot, new: newSlot)
        if let weakening = known.withLock({ $0.comparisons[pair] }) { return weakening }
        var budget = StepBudget(limit)
        let weakening = CriteriaComparison(account: account).weakening(from: old, to: new, &budget)
        known.withLock { known in
            if known.comparisons.count >= Self.maximumCount || known.bytes >= Self.maximumBytes {
                (known.comparisons, known.lists, known.bytes) = ([:], [:], 0)
            }
            known.hold(old, at: oldSlot)
            known.hold(new, at: newSlot)
            known.comparisons.updateValue(weakening, forKey: pair)
            known.steps += budget.taken
        }
        return weakening
    }

    /// Nil for an empty list, which has no slot of its own.
    private static func slot(of list: [ImageCriterion]) -> UInt? {
        list.isEmpty ? nil : list.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    }
}
