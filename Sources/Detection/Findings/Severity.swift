/// How bad a finding is, from the least up.
public enum Severity: String, Hashable, Sendable, CaseIterable, Comparable {
    /// For the record.
    case informational
    /// Worth knowing; also every undetermined finding, unless the policy names a severity.
    case low
    /// Should be looked at.
    case medium
    /// Should be looked at now.
    case high
    /// Wake somebody.
    case critical

    private var rank: Int {
        switch self {
        case .informational: 0
        case .low: 1
        case .medium: 2
        case .high: 3
        case .critical: 4
        }
    }

    /// In order of badness.
    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}

/// What a judgement says.
public enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Not allowed.
    case violation
    /// A fact is missing that would decide.
    case undetermined
    /// Allowed; also what a resolved finding is now.
    case allowed
}
