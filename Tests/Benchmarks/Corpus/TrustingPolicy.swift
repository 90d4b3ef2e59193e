import CloudTrail
import Detection

extension Policy {
    /// A policy with something to say about every record of a `Trail`: approved images, required tags, members.
    static let ofTheTrail: Policy = {
        var policy = Policy()
        policy.organization.id = "o-exampleorgid"
        policy.organization.accounts = Set(
            (0..<100).compactMap { AccountID(padding: Trail.firstAccount + $0) }
        )
        policy.trust.accounts = Set([AccountID(padding: 444_455_556_666)].compactMap { $0 })
        var golden = ApprovedImage()
        golden.tags = ["Role": "golden"]
        var vendor = ApprovedImage()
        vendor.owners = ["amazon", "\(Trail.firstAccount)"]
        vendor.names = ["web-*", "base-*", "worker-*", "bastion-*", "al2023-ami-*"].map { Pattern($0) }
        policy.approvedImages = [golden, vendor]
        policy.deniedImages = ["ami-0bad00000000bad00"]
        policy.requiredTags = [
            RequiredTag(resource: .image, key: "CostCenter", requirement: .present, graceMinutes: 15)
        ]
        policy.publishers = [
            Pattern("arn:aws:iam::*:role/*")
        ]
        policy.exemptServices = ["backup.amazonaws.com"]
        policy.baseline.allowedImagesState = .enabled
        return policy
    }()
}
