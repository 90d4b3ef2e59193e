import Configuration
import Detection
import Pipeline

/// Looks now and then whether the policy, or a file that it names, has become another one.
struct PolicyWatch {
    private let path: String
    private let log: RunLog
    private let retentionDays: Int
    private var hash: String
    private var next = ContinuousClock.now + PolicyWatch.interval
    /// What was wrong when it was last read, so that it is said once.
    private var problem: String?

    private static let interval = Duration.seconds(5)

    /// Watches a file whose policy with this hash is in force, for workers that keep what happened for so many days.
    init(path: String, hash: String, retentionDays: Int, log: RunLog) {
        self.path = path
        self.retentionDays = retentionDays
        self.log = log
        self.hash = hash
    }

    /// What a look has found.
    enum Finding {
        /// Nothing new.
        case same
        case another(Policy)
        /// It is broken, which was reported.
        case invalid
    }

    /// Looks whether the policy is another one now.
    ///
    /// With `isAsked` somebody wants to know now, and to hear it also when nothing has changed; one that is held back is
    /// offered again then.
    mutating func look(isAsked: Bool, isHeldBack: Bool) -> Finding {
        guard isAsked || ContinuousClock.now >= next else { return .same }
        next = .now + Self.interval
        do throws(ConfigurationErrors) {
            let (policy, warnings) = try LiveOptions.readPolicy(path, retentionDays: retentionDays)
            let wasBroken = problem != nil
            problem = nil
            guard policy.hash != hash || isAsked && isHeldBack else {
                if isAsked || wasBroken {
                    log.info("policy unchanged", ["file": .text(path), "policy_hash": .text(hash)])
                } else {
                    log.debug("policy unchanged", ["file": .text(path), "policy_hash": .text(hash)])
                }
                return .same
            }
            for warning in warnings { log.warning("\(warning)") }
            hash = policy.hash
            return .another(policy)
        } catch {
            let found = error.errors.map(\.description).joined(separator: "\n")
            let isNew = isAsked || found != problem
            if isNew {
                for diagnostic in error.errors { log.error("\(diagnostic)") }
                log.error(
                    "policy invalid; previous policy stays active",
                    ["file": .text(path), "policy_hash": .text(hash)]
                )
            }
            problem = found
            return isNew ? .invalid : .same
        }
    }
}
