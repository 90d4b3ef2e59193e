/// Every rule id that a policy may name, also those whose rule comes in a later version.
public enum RuleCatalogue {
    /// All ids, sorted.
    public static let knownIDs: [String] = [
        "account-silent", "allowed-amis-criteria-weakened", "allowed-amis-disabled",
        "allowed-amis-downgraded", "allowed-amis-drifted-from-baseline", "allowed-amis-not-in-use",
        "allowed-amis-stuck-in-audit-mode", "ami-created-by-unauthorized-principal",
        "ami-created-from-unapproved-source", "ami-created-then-shared",
        "ami-created-without-required-tags", "ami-exported", "ami-first-time-sharer",
        "ami-share-attempt-denied", "ami-share-burst", "ami-shared-briefly", "ami-shared-by-service",
        "ami-shared-publicly", "ami-shared-with-untrusted-account",
        "ami-shared-with-untrusted-organization", "ami-snapshot-shared", "ami-unencrypted",
        "ami-watermark-detached", "approval-tag-tampered", "block-public-access-disabled",
        "declarative-policy-weakened", "departed-account-keeps-share", "golden-ami-withdrawn",
        "guardrail-change-denied", "iam-condition-violated", "image-lookup-without-owner",
        "launch-from-denied-ami", "launch-from-never-seen-ami", "launch-from-public-lookalike-ami",
        "launch-from-stale-ami", "launch-from-tainted-ami", "launch-from-unapproved-ami",
        "launch-not-allowed-by-criteria", "launch-template-uses-unapproved-ami",
        "root-volume-replaced-from-unapproved-ami", "snapshot-block-public-access-disabled",
        "suppression-expired", "trail-blinded", "watched-call-unreadable",
    ]
}
