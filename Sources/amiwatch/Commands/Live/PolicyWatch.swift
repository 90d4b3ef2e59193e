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

    /// The policy, when it is another one now; a broken one is reported, and counts as none.
    ///
    /// With `isAsked` somebody wants to know now, and to hear it also when nothing has changed.
    mutating func look(isAsked: Bool) -> Policy? {
        guard isAsked || ContinuousClock.now >= next else { return nil }
        next = .now + Self.interval
        do throws(ConfigurationErrors) {
            let (policy, warnings) = try LiveOptions.readPolicy(path, retentionDays: retentionDays)
            let wasBroken = problem != nil
            problem = nil
            guard policy.hash != hash else {
                if isAsked || wasBroken {
                    log.info("policy unchanged", ["file": .text(path), "policy_hash": .text(hash)])
                } else {
                    log.debug("policy unchanged", ["file": .text(path), "policy_hash": .text(hash)])
                }
                return nil
            }
            for warning in warnings { log.warning("\(warning)") }
            hash = policy.hash
            return policy
        } catch {
            let found = error.errors.map(\.description).joined(separator: "\n")
            if isAsked || found != problem {
                for diagnostic in error.errors { log.error("\(diagnostic)") }
                log.error(
                    "policy invalid; previous policy stays active",
                    ["file": .text(path), "policy_hash": .text(hash)]
                )
            }
            problem = found
            return nil
        }
    }
}
