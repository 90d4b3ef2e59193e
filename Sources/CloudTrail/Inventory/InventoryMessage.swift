/// The form in which a record of an inventory travels through a topic.
public enum InventoryMessage {
    /// What an inventory tells, in one form for equal ones.
    static func content(of inventory: Inventory) -> String { "" }

    static func decode(_ value: JSONValue) throws(Refusal) -> Record {
        throw Refusal(.unrecognised, "inventory")
    }
}
