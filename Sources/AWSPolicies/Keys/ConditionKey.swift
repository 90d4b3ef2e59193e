/// Names of condition keys, compared without case.
public enum ConditionKey {
    /// The one of some keys that a name means; `aws:RequestTag/` means whatever begins so.
    public static func named(_ name: String, in keys: some Sequence<String>) -> String? {
        let name = name.lowercased()
        return keys.first { key in
            let known = key.lowercased()
            return known.hasSuffix("/") ? name.hasPrefix(known) && name != known : name == known
        }
    }

    /// Whether every request has the key, or may: it is about the caller, the time and the way of the call.
    public static func isEverywhere(_ name: String) -> Bool {
        name.lowercased() == "ec2:region" || named(name, in: global) != nil
    }

    /// Whether a key takes several values, so that it wants `ForAnyValue` or `ForAllValues`.
    public static func isMultivalued(_ name: String) -> Bool { named(name, in: multivalued) != nil }

    /// Keys that take several values, of those that calls about images can have.
    static let multivalued = [
        "aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths", "aws:TagKeys",
    ]

    /// Keys of every service's requests.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys"; without those about tags, which single resources have.
    public static let global = [
        "aws:AssumedRoot", "aws:CalledVia", "aws:CalledViaAWSMCP", "aws:CalledViaFirst", "aws:CalledViaLast",
        "aws:ChatbotSourceArn", "aws:CurrentTime", "aws:Ec2InstanceSourcePrivateIPv4",
        "aws:Ec2InstanceSourceVpc",
        "aws:EpochTime", "aws:FederatedProvider", "aws:IsMcpServiceAction", "aws:MultiFactorAuthAge",
        "aws:MultiFactorAuthPresent", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalIsAWSService",
        "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList", "aws:PrincipalTag/", "aws:PrincipalType", "aws:referer",
        "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths",
        "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp",
        "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce",
        "aws:TokenIssueTime", "aws:UserAgent", "aws:userid", "aws:username", "aws:ViaAWSService",
        "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:VpcSourceIp", "ec2:RoleDelivery",
        "ec2:SourceInstanceARN", "lambda:SourceFunctionArn", "ssm:SourceInstanceArn", "sts:ExternalId",
    ]

    /// Every key that is known, each once.
    public static let all: [String] =
        Set(global + EC2Action.all.flatMap { $0.keys + $0.resources.flatMap(\.keys) } + ["ec2:Region"])
        .sorted()
}
