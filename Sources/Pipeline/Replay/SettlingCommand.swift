internal import CloudTrail
public import Detection

/// A command of the AWS CLI whose output, given as an inventory, settles undetermined findings.
public struct SettlingCommand: Hashable, Sendable, Comparable {
    /// The account whose credentials it needs.
    public let account: String
    /// The command.
    public let command: String

    /// Images named in one command.
    private static let imagesAtOnce = 20

    /// The fewest commands that settle what is missing, sorted.
    public static func settling(_ findings: [Finding]) -> [SettlingCommand] {
        var images: [Place: Set<String>] = [:]
        var result: Set<SettlingCommand> = []
        for finding in findings {
            let place = finding.identity.subject.place
            for missing in finding.missing {
                if missing.contains("llowed AMIs") {
                    result.insert(
                        SettlingCommand(
                            account: place.account.description,
                            command: "aws ec2 get-allowed-images-settings --region \(place.region)"
                        )
                    )
                } else if let image = image(in: missing) ?? image(of: finding) {
                    images[place, default: []].insert(image)
                }
            }
        }
        for (place, ids) in images {
            let ids = ids.sorted()
            for start in stride(from: 0, to: ids.count, by: imagesAtOnce) {
                let list = ids[start...].prefix(imagesAtOnce).joined(separator: " ")
                result.insert(
                    SettlingCommand(
                        account: place.account.description,
                        command: "aws ec2 describe-images --region \(place.region) --image-ids \(list)"
                    )
                )
            }
        }
        return result.sorted()
    }

    /// By account, then by text.
    public static func < (left: SettlingCommand, right: SettlingCommand) -> Bool {
        (left.account, left.command) < (right.account, right.command)
    }

    private static func image(in text: String) -> String? {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.first { $0.hasPrefix("ami-") }.map(
            String.init
        )
    }

    private static func image(of finding: Finding) -> String? {
        let resource = finding.identity.subject.resource
        if resource.type == .image { return resource.id }
        return finding.facts.lazy.compactMap { image(in: $0.value) }.first
    }
}
