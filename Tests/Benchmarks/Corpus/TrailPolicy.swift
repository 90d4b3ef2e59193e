import Configuration
import Detection
import Foundation

/// A policy with something to say about every record of a `Trail`: approved images, required tags, members.
enum TrailPolicy {
    static let yaml: String = {
        let accounts = (0..<100).map { "\"\(Trail.firstAccount + UInt64($0))\"" }.joined(separator: ", ")
        return """
            version: 1
            organization:
              id: o-exampleorgid
              accounts: [\(accounts)]
            trust:
              accounts: ["444455556666"]
            images:
              approved:
                - tags: {Role: golden}
                - owners: [amazon, "\(Trail.firstAccount)"]
                  names: ["web-*", "base-*", "worker-*", "bastion-*", "al2023-ami-*"]
              denied: [ami-0bad00000000bad00]
            publishers: ["arn:aws:iam::*:role/*"]
            required_tags:
              - {resource: image, key: CostCenter, grace_minutes: 15}
            exempt_services: [backup.amazonaws.com]
            baseline:
              allowed_images: {state: enabled}

            """
    }()

    /// The same with every rule switched off.
    static let withoutRules =
        yaml + "rules:\n"
        + RuleSet.all.rules.map { "  \($0.metadata.id): {enabled: false}\n" }.joined()

    static func read() throws -> Policy {
        let path = FileManager.default.temporaryDirectory.path + "/amiwatch-bench-\(getpid()).yaml"
        try yaml.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try PolicyReader.read(path: path).policy
    }
}
