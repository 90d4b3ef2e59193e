import CloudTrail
import Foundation

/// What may stand in an EC2 declarative policy (`DECLARATIVE_POLICY_EC2`).
///
/// Source: AWS Organizations User Guide, "Declarative policy syntax and examples"; EC2 API Reference for the limits of image criteria.
indirect enum DeclarativePolicyGrammar: Sendable {
    /// Named parts.
    case parts([String: DeclarativePolicyGrammar])
    /// `criteria_1` to `criteria_10`, each the same.
    case criteria(DeclarativePolicyGrammar)
    /// A value, given by `@@assign`.
    case value(Value)
    /// A list of values, given by `@@assign`, `@@append` and `@@remove`.
    case list(Value, atMost: Int)

    /// What a single value may be.
    enum Value: Sendable {
        case anyText
        case word([String])
        case number(ClosedRange<Int>)
        case provider
        case imageName
        case productCode
    }

    /// Characters that a policy may have (AWS Organizations quotas).
    static let maximumCharacters = 10_000
    static let providerAliases = ["amazon", "aws_marketplace", "aws_backup_vault"]
    static let criteriaNames = (1...ImageCriterionLimits.criteria).map { "criteria_\($0)" }

    static let policy = parts(["ec2_attributes": attributes])

    private static let attributes = parts([
        "exception_message": .value(.anyText),
        "image_block_public_access": .parts(["state": words("unblocked", "block_new_sharing")]),
        "snapshot_block_public_access": .parts([
            "state": words("unblocked", "block_new_sharing", "block_all_sharing")
        ]),
        "allowed_images_settings": .parts([
            "state": words("enabled", "disabled", "audit_mode"), "image_criteria": .criteria(criterion),
        ]),
        "vpc_block_public_access": .parts([
            "internet_gateway_block": .parts([
                "mode": words("off", "block_ingress", "block_bidirectional"),
                "exclusions_allowed": words("enabled", "disabled"),
            ])
        ]),
        "serial_console_access": .parts(["status": words("enabled", "disabled")]),
        "instance_metadata_defaults": .parts([
            "http_tokens": words("no_preference", "required", "optional"),
            "http_put_response_hop_limit": .value(.number(-1...64)),
            "http_endpoint": words("no_preference", "enabled", "disabled"),
            "instance_metadata_tags": words("no_preference", "enabled", "disabled"),
        ]),
    ])

    private static let criterion = parts([
        "allowed_image_providers": .list(.provider, atMost: ImageCriterionLimits.providers),
        "image_names": .list(.imageName, atMost: ImageCriterionLimits.names),
        "marketplace_product_codes": .list(.productCode, atMost: ImageCriterionLimits.productCodes),
        "creation_date_condition": .parts([
            "maximum_days_since_created": .value(.number(ImageCriterion.days))
        ]),
        "deprecation_time_condition": .parts([
            "maximum_days_since_deprecated": .value(.number(ImageCriterion.days))
        ]),
    ])

    private static func words(_ words: String...) -> DeclarativePolicyGrammar { .value(.word(words)) }

    /// A provider as a policy spells it, of what people write instead: with hyphens, as the EC2 API does, or a placeholder.
    static func mended(provider text: String) -> String {
        let lower = text.lowercased().replacing("-", with: "_").replacing(" ", with: "_")
        if providerAliases.contains(lower) { return lower }
        let digits = text.filter { $0.isASCII && $0.isNumber }
        return AccountID(digits) == nil ? "111122223333" : digits
    }
}
