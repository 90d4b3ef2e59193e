import CloudTrail
import TrailArchive
import TrailIntegrity

extension Command {
    private static let format = Option.choice("format", ["text", "json"], "How to print what is found")

    static let verify = Command(
        "verify",
        "Verify downloaded trail files by CloudTrail's signed digests, offline",
        arguments: "PATH...",
        details:
            "A PATH is a bucket as 'aws s3 sync' copies it, or a part of it, with the CloudTrail and the CloudTrail-Digest "
            + "folders; several buckets, trails, accounts and Regions at once. A digest holds the signature of the one before "
            + "it, so that all but the newest of each chain are proven without the metadata that a download loses; --metadata "
            + "proves that, too. Buckets and what stands before AWSLogs/ in a key are not compared. Exit status 3 when anything "
            + "is not as CloudTrail left it, or an hour is missing; a digest of which it is only said that it is not proven "
            + "is no reason.",
        options: IntegrityOptions.all + [format]
    ) { arguments in
        guard arguments.has(IntegrityOptions.keys) else {
            throw UsageError("--keys FILE is missing: what 'aws cloudtrail list-public-keys' printed")
        }
        let verification = try IntegrityOptions.verification(arguments)
        let report = try verification.verify(paths: try arguments.someWords("PATH"))
        guard report.digests.all + report.logs.all > 0 else {
            throw Failure(
                "\(arguments.words.joined(separator: ", ")): no digests and no log files of CloudTrail there; they lie below "
                    + "AWSLogs/ACCOUNT/CloudTrail-Digest and AWSLogs/ACCOUNT/CloudTrail"
            )
        }
        try OutputFile.standard { output in
            if arguments[format] == "json" {
                try output.line(report.json)
            } else {
                try IntegrityPicture(report).print(to: output)
            }
        }
        for line in IntegrityPicture(report).summary { StandardError.line(line) }
        return report.findings.isEmpty ? .done : .found
    }
}

/// The options that say what digests are verified with.
enum IntegrityOptions {
    static let keys = Option.value(
        "keys",
        "FILE",
        "What 'aws cloudtrail list-public-keys' printed (may be given more than once: keys differ by Region)",
        repeats: true
    )
    static let metadata = Option.value(
        "metadata",
        "FILE",
        "What 'aws s3api head-object' printed of digests: JSON with a key of the bucket for each, or JSON lines of "
            + "{\"Key\": …, \"Metadata\": …} (may be given more than once)",
        repeats: true
    )
    static let since = Option.value(
        "since",
        "TIME",
        "Ask for nothing earlier: where only the later part of a bucket was downloaded"
    )

    static let all = [keys, metadata, since]

    /// Reads the files that are named, and says what in them is not used.
    static func verification(
        _ arguments: Arguments,
        keys: Option = keys,
        since: Option? = since
    ) throws -> Verification {
        var verification = Verification()
        for file in arguments.all(keys) {
            try WholeFile.bytes(file).withUnsafeBytes { try verification.keys.add($0, file: file) }
        }
        for file in arguments.all(metadata) {
            try WholeFile.bytes(file).withUnsafeBytes { try verification.metadata.add($0, file: file) }
        }
        for warning in verification.keys.warnings + verification.metadata.warnings {
            StandardError.line("amiwatch: \(warning)")
        }
        if verification.keys.count == 0 {
            throw Failure("\(arguments.all(keys).joined(separator: ", ")): no public key in it")
        }
        if let since, let time = try arguments.time(since) { verification.since = time }
        verification.threads = Processors.count
        return verification
    }
}
