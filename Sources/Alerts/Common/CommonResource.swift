internal import CloudTrail
internal import Detection

/// What an alert is about.
struct CommonResource {
    let kind: Resource.Kind
    /// As the native form has it: `ami-…`, `<account>/<Region>`.
    var id: String
    /// Nil for what has none, or one that cannot be known from its id.
    var arn: String?

    init(_ resource: Resource, _ scope: AccountRegion, partition: String) {
        (kind, id) = (resource.type, resource.id)
        arn = Self.arn(resource, scope, partition)
    }

    /// The name of its type in CloudFormation, or one made like those.
    var type: String {
        switch kind {
        case .image: "AWS::EC2::Image"
        case .instance: "AWS::EC2::Instance"
        case .snapshot: "AWS::EC2::Snapshot"
        case .accountRegion, .account: "AWS::Account"
        case .launchTemplate: "AWS::EC2::LaunchTemplate"
        case .policy: "AWS::Organizations::Policy"
        case .principal: "AWS::IAM::Principal"
        }
    }

    /// What it is known by everywhere.
    var uid: String { arn ?? id }

    /// The partition of a Region: `aws`, `aws-cn` or `aws-us-gov`.
    static func partition(of region: String) -> String {
        region.hasPrefix("cn-") ? "aws-cn" : region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
    }

    /// The Region of a partition in which AWS keeps what belongs to none.
    static func home(of partition: String) -> String {
        switch partition {
        case "aws-cn": "cn-northwest-1"
        case "aws-us-gov": "us-gov-west-1"
        default: "us-east-1"
        }
    }

    /// Images and snapshots name no account in their ARN.
    private static func arn(_ resource: Resource, _ scope: AccountRegion, _ partition: String) -> String? {
        let ec2 = "arn:\(partition):ec2:\(scope.region)"
        let id = resource.id
        func own(_ type: String) -> String { "\(ec2):\(scope.account):\(type)/\(id)" }
        switch resource.type {
        case .image: return id.hasPrefix("import-ami-") ? own("import-image-task") : "\(ec2)::image/\(id)"
        case .instance: return own("instance")
        case .snapshot: return "\(ec2)::snapshot/\(id)"
        case .accountRegion, .account: return "arn:\(partition):iam::\(scope.account):root"
        case .launchTemplate:
            let types = [
                "lt-": "launch-template", "fleet-": "fleet", "sfr-": "spot-fleet-request",
                "sir-": "spot-instances-request",
            ]
            return types.first { id.hasPrefix($0.key) }.map { own($0.value) }
        case .policy: return nil
        case .principal: return id.hasPrefix("arn:") ? id : nil
        }
    }
}
