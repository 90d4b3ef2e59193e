import AWSPolicies
import CloudTrail

/// What the settings that a declarative policy makes let through beyond others before them.
struct SettingsLoosening {
    /// In words, each with what was before.
    private(set) var certain: [String] = []
    /// What may let more through, likewise.
    private(set) var possible: [String] = []
    /// What would settle that.
    private(set) var missing: [String] = []
    /// An image that only the new criteria admit.
    private(set) var image: AdmittedImage?

    var isNone: Bool { certain.isEmpty && possible.isEmpty }

    /// In words.
    var words: String { (certain + possible).joined(separator: "; ") }

    /// What new settings let through for an account; `none` stands for whichever is in a unit.
    init(
        from old: EC2Settings,
        to new: EC2Settings,
        in account: AccountID,
        _ comparisons: CriteriaComparisons
    ) {
        if old == new { return }
        compare("Allowed AMIs", old.allowedImages, new.allowedImages)
        compare("block public access for images", old.blockPublicAccess, new.blockPublicAccess)
        // Criteria of a guardrail that is off, or gets stricter, are none that are lost.
        guard let criteria = old.imageCriteria, old.allowedImages != .disabled,
            new.allowedImages != .disabled,
            (new.allowedImages?.strictness ?? 0) <= (old.allowedImages?.strictness ?? 0)
        else { return }
        guard let others = new.imageCriteria else {
            certain.append("image criteria are left to each account (before: \(criteria.summary))")
            return
        }
        guard let weakening = comparisons.weakening(from: criteria, to: others, in: account) else { return }
        image = weakening.image
        if image == nil {
            possible.append("image criteria are others (before: \(criteria.summary))")
            missing.append(weakening.doubt.missing)
        } else {
            certain.append("image criteria admit more (\(weakening.words))")
        }
    }

    private mutating func compare<State: GuardrailState>(_ name: String, _ old: State?, _ new: State?) {
        if old == new { return }
        func text(_ state: State?) -> String { state?.rawValue ?? "left to each account" }
        let words = "\(name) is \(text(new)) (before: \(text(old)))"
        if let old {
            if (new?.strictness ?? 0) < old.strictness { certain.append(words) }
        } else if new?.strictness == 0 {
            possible.append(words)
            missing.append("whether any account had \(name) on by itself")
        }
    }
}

/// The state of a guardrail: whatever switches it off has strictness 0.
private protocol GuardrailState: RawRepresentable<String>, Equatable {
    var strictness: Int { get }
}

extension AllowedImagesState: GuardrailState {
    fileprivate var strictness: Int {
        switch self {
        case .disabled: 0
        case .auditMode: 1
        case .enabled: 2
        }
    }
}

extension BlockPublicAccessState: GuardrailState {
    fileprivate var strictness: Int {
        switch self {
        case .unblocked: 0
        case .blockNewSharing: 1
        }
    }
}
