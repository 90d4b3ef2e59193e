public import CloudTrail

/// A vendor's account with which images are really shared, or from which they are launched.
///
/// It is named in messages, and with `known_vendors: [default]` a share with it is less severe; nothing here makes it trusted.
public struct KnownVendor: Sendable {
    /// The vendor.
    public let name: String
    /// The vendor's account.
    public let account: AccountID
    /// A page about its images, or one that lists the account.
    public let source: String

    /// The vendor of an account.
    public static func of(_ account: AccountID) -> KnownVendor? { byAccount[account] }

    /// All of them, as of November 2026: publishers of operating systems, and security vendors that scan images and volumes.
    public static let all: [KnownVendor] = rows.flatMap { name, accounts, source in
        accounts.compactMap(AccountID.init).map { KnownVendor(name: name, account: $0, source: source) }
    }

    private static let byAccount = Dictionary(uniqueKeysWithValues: all.map { ($0.account, $0) })

    /// Collected by many: commit c2922afb of September 2025, each with the vendor's own page.
    private static let collected = "https://github.com/fwdcloudsec/known_aws_accounts"

    private static let rows: [(name: String, accounts: [String], source: String)] = [
        ("Amazon (Amazon Linux)", ["137112412989"], "https://docs.aws.amazon.com/linux/al2023/ug/ec2.html"),
        (
            "Amazon (Windows)", ["801119661308"],
            "https://docs.aws.amazon.com/ec2/latest/windows-ami-reference/windows-amis.html"
        ),
        ("Canonical (Ubuntu)", ["099720109477"], "https://ubuntu.com/server/docs/cloud-images/amazon-ec2"),
        ("Red Hat", ["309956199498"], "https://access.redhat.com/solutions/15356"),
        ("Debian", ["136693071363"], "https://wiki.debian.org/Cloud/AmazonEC2Image"),
        ("SUSE", ["013907871322"], "https://pint.suse.com"),
        ("Rocky Linux", ["792107900819"], "https://rockylinux.org/download"),
        ("AlmaLinux", ["764336703387"], "https://wiki.almalinux.org/cloud/AWS.html"),
        ("Flatcar", ["075585003325"], "https://github.com/kubernetes-sigs/cluster-api-provider-aws"),
        (
            "Oracle", ["131827586825"],
            "https://blogs.oracle.com/linux/post/running-oracle-linux-in-public-clouds"
        ),
        ("CrowdStrike", ["292230061137", "517716713836"], collected),
        ("Check Point", ["758245563457"], collected),
        (
            "Orca Security",
            ["976280145156", "727815099310", "553950354547", "135916806842", "463932680998", "784971140435"],
            collected
        ),
        ("Datadog", ["464622532012"], collected),
        ("Lacework", ["434813966438"], collected),
        ("Qualys", ["805950163170"], collected),
        ("Rapid7", ["336818582268"], collected),
        ("Tenable", ["012615275169", "422820575223"], collected),
        ("Sysdig", ["761931097553", "263844535661"], collected),
        ("Trend Micro", ["147995105371"], collected),
        ("Palo Alto Networks", ["188619942792", "496947949261"], collected),
        ("Snyk", ["198361731867"], collected),
    ]
}
