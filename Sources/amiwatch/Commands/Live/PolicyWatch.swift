import Configuration
import Detection

/// Looks now and then whether the policy, or a file that it names, has become another one.
struct PolicyWatch {
    private let path: String
    private var hash: String
    private var next = ContinuousClock.now + PolicyWatch.interval
    /// What was wrong when it was last read, so that it is said once.
    private var problem: String?

    private static let interval = Duration.seconds(5)

    /// Watches a file whose policy with this hash is in force.
    init(path: String, hash: String) {
        self.path = path
        self.hash = hash
    }

    /// The policy, when it is another one now; a broken one is reported, and counts as none.
    ///
    /// With `isAsked` somebody wants to know now, and to hear it also when nothing has changed.
    mutating func look(isAsked: Bool) -> Policy? {
        guard isAsked || ContinuousClock.now >= next else { return nil }
        next = .now + Self.interval
        do throws(ConfigurationErrors) {
            let (policy, warnings) = try LiveOptions.readPolicy(path)
            let wasBroken = problem != nil
            problem = nil
            guard policy.hash != hash else {
                if isAsked || wasBroken { StandardError.line("amiwatch: \(path): the policy is as it was") }
                return nil
            }
            for warning in warnings { StandardError.line("amiwatch: \(warning)") }
            hash = policy.hash
            return policy
        } catch {
            let found = error.errors.map(\.description).joined(separator: "\n")
            if isAsked || found != problem {
                for diagnostic in error.errors { StandardError.line("amiwatch: \(diagnostic)") }
                StandardError.line("amiwatch: the policy of before stays in force until this is corrected")
            }
            problem = found
            return nil
        }
    }
}
