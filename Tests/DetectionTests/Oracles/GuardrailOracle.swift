import CloudTrail

@testable import Detection

/// The guardrail rules of one account and Region, read naively.
struct GuardrailOracle {
    let records: [Record]
    let policy: Policy
    let scope: AccountRegion

    init(_ records: [Record], _ policy: Policy, _ scope: AccountRegion) {
        self.records = distinct(records).filter { AccountRegion($0.account, $0.region) == scope }
        self.policy = policy
        self.scope = scope
    }

    /// What should stand, by rule.
    func findings() -> [String: FindingSketch] {
        var findings: [String: FindingSketch] = [:]
        findings["allowed-amis-disabled"] = disabled()
        findings["allowed-amis-downgraded"] = downgraded()
        findings["allowed-amis-not-in-use"] = notInUse()
        findings["allowed-amis-criteria-weakened"] = weakened()
        findings["block-public-access-disabled"] = publicAccess()
        findings["allowed-amis-drifted-from-baseline"] = drifted()
        return findings
    }

    // MARK: What is told

    private func isInventory(_ record: Record) -> Bool {
        if case .inventory = record.call { true } else { false }
    }

    private func state(_ record: Record) -> AllowedImagesState? {
        switch record.call {
        case .allowedImages(let state) where record.succeeded: state
        case .inventory(let inventory) where inventory.isDated: inventory.allowedImages
        default: nil
        }
    }

    /// Every record that tells the state; the riskier one later in its second.
    private var states: [(record: Record, state: AllowedImagesState)] {
        records.filter { state($0) != nil }.ordered { record in
            let risks: [AllowedImagesState?: Int] = [.enabled: 0, .auditMode: 1, .disabled: 2]
            return (1, risks[state(record)] ?? 0)
        }.compactMap { record in state(record).map { (record, $0) } }
    }

    private func state(at time: EventTime) -> AllowedImagesState? {
        states.last { $0.record.time <= time }?.state
    }

    private func publicAccess(_ record: Record) -> BlockPublicAccessState? {
        switch record.call {
        case .blockPublicAccess(let state) where record.succeeded: state
        case .inventory(let inventory) where inventory.isDated: inventory.blockPublicAccess
        default: nil
        }
    }

    private func criteria(_ record: Record) -> [ImageCriterion]? {
        switch record.call {
        case .imageCriteria(let list) where record.succeeded: list
        case .inventory(let inventory) where inventory.isDated: inventory.imageCriteria
        default: nil
        }
    }

    private var isEnabledDemanded: Bool { policy.baseline.allowedImagesState == .enabled }

    // MARK: The rules

    private func disabled() -> FindingSketch? {
        var known: FindingSketch?
        var before: AllowedImagesState?
        for (record, state) in states {
            if state != .disabled {
                FindingSketch.resolve(&known)
            } else if !isInventory(record) || before != .disabled {
                FindingSketch.occur(&known, record, isEnabledDemanded ? .critical : .high)
            }
            before = state
        }
        return known
    }

    private func downgraded() -> FindingSketch? {
        var known: FindingSketch?
        for (index, (record, state)) in states.enumerated() {
            let before = states[..<index].last { $0.state != .disabled }?.state
            if state == .enabled { FindingSketch.resolve(&known) }
            if state == .auditMode, before == .enabled, !isInventory(record) {
                FindingSketch.occur(&known, record, .high)
            }
        }
        return known
    }

    private func notInUse() -> FindingSketch? {
        var known: FindingSketch?
        let calls = records.filter { $0.succeeded && !isInventory($0) }.ordered { _ in (1, 0) }
        let seconds = Set(records.map(\.time)).sorted()
        var under: AllowedImagesState?
        var isCounted = false
        for second in seconds {
            let now = state(at: second)
            if now != under {
                if now != .disabled { FindingSketch.resolve(&known) }
                isCounted = false
            }
            under = now
            guard now == nil || now == .disabled, !isCounted else { continue }
            let cause = states.last { $0.record.time == second }?.record
            if let cause, isInventory(cause), calls.contains(where: { $0.time <= second }) {
                FindingSketch.occur(&known, cause, .medium)
                isCounted = true
            } else if let call = calls.first(where: { $0.time == second }) {
                FindingSketch.occur(
                    &known,
                    call,
                    now == nil ? .low : .medium,
                    now == nil ? .undetermined : .violation
                )
                isCounted = true
            }
        }
        return known
    }

    private func publicAccess() -> FindingSketch? {
        var known: FindingSketch?
        var before: BlockPublicAccessState?
        let severity: Severity = policy.baseline.blockPublicAccess == .blockNewSharing ? .critical : .high
        func sharesPublicly(_ record: Record) -> Bool {
            guard record.succeeded, case .modifyLaunchPermission(let change) = record.call else {
                return false
            }
            return change.added.contains(.everyone)
        }
        let told = records.filter { publicAccess($0) != nil || sharesPublicly($0) }
            .ordered { (1, publicAccess($0) == .blockNewSharing ? 0 : 1) }
        for record in told {
            switch publicAccess(record) {
            case .unblocked:
                if !isInventory(record) || before != .unblocked {
                    FindingSketch.occur(&known, record, severity)
                }
                before = .unblocked
            case .blockNewSharing:
                FindingSketch.resolve(&known)
                before = .blockNewSharing
            case nil:
                let believed = told.last { $0.time <= record.time && publicAccess($0) != nil }
                if believed.flatMap({ publicAccess($0) }) == .blockNewSharing {
                    FindingSketch.occur(&known, record, severity)
                }
            }
        }
        return known
    }

    // MARK: Criteria, by trying images

    /// An image as far as criteria look at it.
    private struct Sample {
        var provider: ExactText
        var name: String
        var ageDays: Int
        var daysSinceDeprecation: Int?
    }

    private static let providers: [ExactText] = ["amazon", "679593333241", "111122223333", "someone"]
    private static let samples: [Sample] = providers.flatMap { provider in
        ["al2023-x", "web-1", "other"].flatMap { name in
            [10, 100].flatMap { age in
                [nil, 5].map {
                    Sample(provider: provider, name: name, ageDays: age, daysSinceDeprecation: $0)
                }
            }
        }
    }

    private func admits(_ list: [ImageCriterion], _ sample: Sample) -> Bool {
        sample.provider == ExactText(scope.account.description)
            || list.contains { criterion in
                (criterion.providers?.contains(sample.provider) ?? true)
                    && (criterion.names?.contains { sample.name.hasPrefix($0.string.dropLast()) } ?? true)
                    && criterion.maximumDaysSinceCreated.map { sample.ageDays <= $0 } ?? true
                    && criterion.maximumDaysSinceDeprecated.map { (sample.daysSinceDeprecation ?? 0) <= $0 }
                        ?? true
            }
    }

    /// Whether a list admits more than another, and whether by somebody of whom the other admits nothing at all.
    private func widening(
        _ old: [ImageCriterion],
        _ new: [ImageCriterion]
    ) -> (isWider: Bool, byProvider: Bool) {
        let more = Self.samples.filter { admits(new, $0) && !admits(old, $0) }
        let known = Set(old.flatMap { $0.providers ?? Self.samples.map(\.provider) })
        return (!more.isEmpty, more.contains { !known.contains($0.provider) })
    }

    private func drifted() -> FindingSketch? {
        guard let demanded = policy.baseline.imageCriteria else { return nil }
        var known: FindingSketch?
        var before: (AllowedImagesState?, [ImageCriterion]?)?
        let told = records.filter { state($0) != nil || criteria($0) != nil }
        for second in Set(told.map(\.time)).sorted() {
            let now = state(at: second)
            let list = told.filter { $0.time <= second && criteria($0) != nil }.ordered { _ in (1, 0) }.last
                .flatMap { criteria($0) }
            let isOff = isEnabledDemanded && now != nil && now != .enabled
            let isUnknown = !isOff && list?.isEmpty ?? false
            let isWider = list.map { !$0.isEmpty && widening(demanded, $0).isWider } ?? false
            let causes = told.filter { $0.time == second }
            guard isOff || isUnknown || isWider else {
                FindingSketch.resolve(&known)
                before = nil
                continue
            }
            var events = causes.filter { !isInventory($0) }
            if events.isEmpty, before.map({ $0 != (now, list) }) ?? true { events = Array(causes.prefix(1)) }
            before = (now, list)
            for event in events {
                FindingSketch.occur(
                    &known,
                    event,
                    isUnknown ? .low : .high,
                    isUnknown ? .undetermined : .violation
                )
            }
        }
        return known
    }

    private func weakened() -> FindingSketch? {
        var known: FindingSketch?
        var before: [ImageCriterion] = []
        var last: [ImageCriterion]?
        var wasEmpty = false
        for record in records.filter({ criteria($0) != nil }).ordered({ _ in (1, 0) }) {
            guard let list = criteria(record) else { continue }
            defer { wasEmpty = list.isEmpty }
            if list.isEmpty {
                guard let last, !wasEmpty, !isInventory(record) else { continue }
                if known?.isOpen != true { before = last }
                FindingSketch.occur(&known, record, .low, .undetermined)
                continue
            }
            if known?.isOpen == true, !widening(before, list).isWider {
                FindingSketch.resolve(&known)
            } else if let last, !isInventory(record), widening(last, list).isWider {
                if known?.isOpen != true { before = last }
                let severity: Severity =
                    state(at: record.time) != .enabled
                    ? .low : widening(last, list).byProvider ? .high : .medium
                FindingSketch.occur(&known, record, severity)
            }
            last = list
        }
        return known
    }
}
