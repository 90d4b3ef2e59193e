package import Cryptography

/// What is known of a digest or a log file.
package enum Standing: Hashable, Sendable {
    /// CloudTrail's signature vouches for every byte; SHA-256 of what it unpacks to.
    case verified(SHA256Digest)
    /// Nothing speaks against it, and nothing proves it.
    case unproven(Reason)
    /// It is not what CloudTrail left there.
    case contradicted(IntegrityFinding.Kind)

    /// Why something is not proven; the words stay the same in later versions.
    package enum Reason: String, Sendable {
        /// The newest digest of its chain: the one that will hold its signature is not there, and no metadata is given.
        case newest = "newest-of-chain"
        /// The digest that holds its signature is missing or cannot be read.
        case successorMissing = "successor-missing"
        /// The digest that holds its signature was changed.
        case successorAltered = "successor-altered"
        /// The last digest before CloudTrail began a new chain: nothing but its metadata holds its signature.
        case beforeGap = "before-gap"
        /// It is signed with a key that is not given, or in a way that is not known.
        case keyUnknown = "key-unknown"
        /// The digest that names it is not proven.
        case digestUnproven = "digest-unproven"
        /// The digest that names it, or should, was changed or cannot be read.
        case digestAltered = "digest-altered"
        /// The digest that should name it is missing.
        case digestMissing = "digest-missing"
        /// It came after the newest digest, so that none could name it yet.
        case notYetNamed = "not-yet-named"
        /// It came before the first digest: log file validation was off.
        case beforeValidation = "before-validation"
        /// It came between two chains: log file validation was off.
        case validationOff = "validation-off"
        /// There are no digests of its account and Region.
        case noDigests = "no-digests"
        /// It cannot be read.
        case unreadable
        /// It lies where CloudTrail delivers nothing.
        case elsewhere

        /// A few words for people.
        package var text: String {
            switch self {
            case .newest: "the newest digest of its chain; give its head-object output as --metadata"
            case .successorMissing: "the digest that holds its signature is missing"
            case .successorAltered: "the digest that holds its signature was changed"
            case .beforeGap: "the last digest before a new chain; give its head-object output as --metadata"
            case .keyUnknown: "its key is not in --keys"
            case .digestUnproven: "named by a digest that is not proven"
            case .digestAltered: "its digest was changed or cannot be read"
            case .digestMissing: "its digest is missing"
            case .notYetNamed: "newer than the newest digest"
            case .beforeValidation: "older than the first digest"
            case .validationOff: "delivered between two chains"
            case .noDigests: "no digests of its account and Region"
            case .unreadable: "cannot be read"
            case .elsewhere: "not where CloudTrail delivers"
            }
        }
    }
}
