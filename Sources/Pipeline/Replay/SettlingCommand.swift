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

    /// What an undetermined finding lacks.
    public struct Need {
        /// The finding's account.
        public let account: String
        /// The finding's Region.
        public let region: String
        /// What is not known.
        public let missing: [String]
        /// The image that it is about, if it is about one.
        public let image: String?

        /// A need from its parts.
        public init(account: String, region: String, missing: [String], image: String?) {
            self.account = account
            self.region = region
            self.missing = missing
            self.image = image
        }

        /// What a finding lacks.
        public init(_ finding: Finding) {
            let subject = finding.identity.subject
            let resource = subject.resource
            account = subject.place.account.description
            region = subject.place.region
            missing = finding.missing
            image =
                resource.type == .image
                ? resource.id : finding.facts.lazy.compactMap { SettlingCommand.image(in: $0.value) }.first
        }
    }

    /// The fewest commands that settle what is missing, sorted.
    public static func settling(_ needs: [Need]) -> [SettlingCommand] {
        struct Place: Hashable {
            let account: String
            let region: String
        }
        var images: [Place: Set<String>] = [:]
        var result: Set<SettlingCommand> = []
        for need in needs {
            for missing in need.missing {
                if missing.contains("llowed AMIs") {
                    result.insert(
                        SettlingCommand(
                            account: need.account,
                            command: AWSCommand.ec2("get-allowed-images-settings", region: need.region, [])
                        )
                    )
                } else if let image = image(in: missing) ?? need.image {
                    images[Place(account: need.account, region: need.region), default: []].insert(image)
                }
            }
        }
        for (place, ids) in images {
            let ids = ids.sorted()
            for start in stride(from: 0, to: ids.count, by: imagesAtOnce) {
                let list = ids[start...].prefix(imagesAtOnce)
                result.insert(
                    SettlingCommand(
                        account: place.account,
                        command: AWSCommand.ec2(
                            "describe-images",
                            region: place.region,
                            ["--image-ids"] + list
                        )
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

    /// The first image id in a text.
    public static func image(in text: String) -> String? {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.first { $0.hasPrefix("ami-") }.map(
            String.init
        )
    }
}
