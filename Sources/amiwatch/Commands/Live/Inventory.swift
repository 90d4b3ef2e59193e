import CloudTrail
import Configuration
import Pipeline

extension Command {
    private static let account = Option.value(
        "account",
        "ID",
        "The account, where a document does not say it"
    )
    private static let region = Option.value(
        "region",
        "REGION",
        "The Region, where a document does not say it"
    )
    private static let time = Option.value(
        "time",
        "TIME",
        "When it was taken (2026-03-17T09:00:00Z, or a day); without it only what holds for ever is taken"
    )
    private static let dryRun = Option.flag("dry-run", "Only show what is understood")

    static let inventory = Command(
        "inventory",
        "Publish what the AWS CLI printed, as facts about what was there before the trail began",
        arguments: "FILE...",
        details:
            "A FILE holds what describe-images, describe-image-attribute, describe-instances, "
            + "describe-instance-image-metadata, get-allowed-images-settings, get-image-block-public-access-state, "
            + "get-snapshot-block-public-access-state, or organizations list-accounts, describe-organization "
            + "or list-roots printed; - is standard input. Accounts that a list names are members; that others are none "
            + "follows from the whole one: of list-accounts, not of list-accounts-for-parent.",
        options: [
            LiveOptions.config, LiveOptions.bootstrapServers, account, region, time, dryRun,
        ]
    ) { arguments in
        var options = InventoryReader.Options()
        options.region = arguments[region].map { ExactText($0) }
        options.account = try arguments.account(account)
        options.time = try arguments.time(time)
        let files = try arguments.someWords("FILE")
        let records = try InventoryFiles(files: files, options: options, prefix: "--").records
        let isDryRun = arguments.has(dryRun)
        if !isDryRun {
            let (configuration, log) = try LiveOptions.readConfiguration(arguments)
            try InventoryPublisher(configuration, log: log).publish(records)
        }
        try OutputFile.standard { output in
            for record in records { try output.line("\(line(record))") }
        }
        if options.time == nil {
            StandardError.line(
                "amiwatch: without --time only owner, name, creation and source of images are taken"
            )
        }
        if !isDryRun {
            StandardError.line("amiwatch: \(Numbers.count(records.count, "message")) published")
        }
        return .done
    }

    /// What one record tells, in short.
    private static func line(_ record: Record) -> String {
        guard case .inventory(let inventory) = record.call else { return "" }
        var parts: [String] = []
        func count(_ number: Int, _ what: String) {
            if number > 0 { parts.append(Numbers.count(number, what)) }
        }
        count(inventory.images.count, "image")
        count(inventory.instances.count, "instance")
        if !inventory.launchPermissions.isEmpty {
            parts.append("launch permissions of " + Numbers.count(inventory.launchPermissions.count, "image"))
        }
        if !inventory.snapshotPermissions.isEmpty {
            parts.append("permissions of " + Numbers.count(inventory.snapshotPermissions.count, "snapshot"))
        }
        if let state = inventory.allowedImages { parts.append("Allowed AMIs \(state.rawValue)") }
        if let criteria = inventory.imageCriteria { count(criteria.count, "image criterion") }
        if let state = inventory.blockPublicAccess { parts.append("block public access \(state.rawValue)") }
        if let members = inventory.members { count(members.count, "account") }
        count(inventory.someMembers.count, "member")
        count(inventory.roots.count, "root")
        let what = parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
        let time = inventory.isDated ? "as of \(record.time)" : "without a time"
        return "\(record.account) \(record.region) \(record.name): \(what), \(time)"
    }
}
