public import CloudTrail

/// What the EC2 declarative policy of an account sets of its image guardrails; nil where it leaves them to the account.
///
/// Source: AWS Organizations User Guide, "Declarative policy syntax and examples". Policies write with underscores what the EC2 API
/// writes with hyphens.
public struct EC2Settings: Hashable, Sendable {
    /// The state of Allowed AMIs.
    public let allowedImages: AllowedImagesState?
    /// Its criteria.
    public let imageCriteria: [ImageCriterion]?
    /// The state of block public access for images.
    public let blockPublicAccess: BlockPublicAccessState?

    /// Nothing is set.
    public static let none = EC2Settings(EffectivePolicy([]))

    /// Reads an effective policy.
    public init(_ policy: EffectivePolicy) {
        let images = ["ec2_attributes", "allowed_images_settings"]
        allowedImages = policy.word(images + ["state"]).flatMap(AllowedImagesState.init)
        blockPublicAccess = policy.word(["ec2_attributes", "image_block_public_access", "state"])
            .flatMap(BlockPublicAccessState.init)
        let criteria = (1...10).compactMap { number in
            ImageCriterion(policy, at: images + ["image_criteria", "criteria_\(number)"])
        }
        imageCriteria = criteria.isEmpty ? nil : criteria
    }
}

extension ImageCriterion {
    /// Nil when the policy has no such criterion.
    fileprivate init?(_ policy: EffectivePolicy, at path: [String]) {
        guard policy.values.keys.contains(where: { $0.starts(with: path) }) else { return nil }
        func texts(_ name: String) -> [ExactText]? {
            policy.values[path + [name]]?.members.map { ExactText($0) }
        }
        func days(_ condition: String, _ name: String) -> Int? {
            policy.values[path + [condition, name]]?.members.first.flatMap { Int($0) }
        }
        self.init(
            providers: texts("allowed_image_providers")?.map {
                ExactText($0.string.replacing("_", with: "-"))
            },
            names: texts("image_names"),
            productCodes: texts("marketplace_product_codes"),
            maximumDaysSinceCreated: days("creation_date_condition", "maximum_days_since_created"),
            maximumDaysSinceDeprecated: days("deprecation_time_condition", "maximum_days_since_deprecated")
        )
    }
}

extension EffectivePolicy {
    /// A single word as the EC2 API writes it.
    fileprivate func word(_ path: [String]) -> String? {
        values[path]?.members.first?.replacing("_", with: "-")
    }
}
