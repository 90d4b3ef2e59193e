package import CloudTrail
package import Detection

/// A command of the AWS CLI whose output, given as an inventory, settles undetermined findings.
package struct SettlingCommand: Hashable, Sendable, Comparable {
    /// The account whose credentials it needs.
    package let account: AccountID
    package let region: String
    package let action: Action
    package let command: String

    package enum Action: String, Sendable {
        case describeImages
        case allowedImagesSettings
    }

    /// Images named in one command.
    private static let imagesAtOnce = 20

    /// What an undetermined finding lacks.
    package struct Need {
        package let account: AccountID
        package let region: String
        package let missing: [String]
        /// The image that it is about, if it is about one.
        package let image: ResourceID?

        package init(account: AccountID, region: String, missing: [String], image: ResourceID?) {
            self.account = account
            self.region = region
            self.missing = missing
            self.image = image
        }

        /// What a finding lacks.
        package init(_ finding: Finding) {
            let subject = finding.identity.subject
            let resource = subject.resource
            account = subject.scope.account
            region = subject.scope.region
            missing = finding.missing
            image =
                resource.type == .image
                ? SettlingCommand.image(in: resource.id)
                : finding.facts.lazy.compactMap { SettlingCommand.image(in: $0.value) }.first
        }
    }

    /// The fewest commands that settle what is missing, sorted; and why others are left out.
    package static func settling(_ needs: [Need]) -> (commands: [SettlingCommand], withheld: [String]) {
        var images: [AccountRegion: Set<ResourceID>] = [:]
        var commands: Set<SettlingCommand> = []
        var withheld: Set<String> = []
        func add(_ action: Action, _ scope: AccountRegion, _ command: AWSCommand) {
            switch command {
            case .withheld(let why): withheld.insert(why)
            case .line(let line):
                let (account, region) = (scope.account, scope.region)
                commands.insert(
                    SettlingCommand(account: account, region: region, action: action, command: line)
                )
            }
        }
        for need in needs {
            let scope = AccountRegion(need.account, need.region)
            for missing in need.missing {
                if missing.contains("llowed AMIs") {
                    let command = AWSCommand.ec2("get-allowed-images-settings", region: scope.region, [])
                    add(.allowedImagesSettings, scope, command)
                } else if let image = image(in: missing) ?? need.image {
                    images[scope, default: []].insert(image)
                }
            }
        }
        for (scope, ids) in images {
            let ids = ids.sorted()
            for start in stride(from: 0, to: ids.count, by: imagesAtOnce) {
                let list = ids[start...].prefix(imagesAtOnce).map(AWSArgument.image)
                let command = AWSCommand.ec2("describe-images", region: scope.region, ["--image-ids"] + list)
                add(.describeImages, scope, command)
            }
        }
        return (commands.sorted(), withheld.sorted())
    }

    /// By account, then by text.
    package static func < (left: SettlingCommand, right: SettlingCommand) -> Bool {
        (left.account, left.command) < (right.account, right.command)
    }

    /// The first image id in a text: a word of its own, in AWS's form.
    package static func image(in text: String) -> ResourceID? {
        // What is neither ASCII nor a space may belong to the word before it, as an accent does.
        text.utf8.split { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x80...: false
            default: true
            }
        }.lazy.map { ResourceID(String(decoding: $0, as: UTF8.self)) }.first(where: AWSForm.isImage)
    }
}
