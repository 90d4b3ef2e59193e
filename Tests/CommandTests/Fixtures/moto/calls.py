#!/usr/bin/env python3
"""Works with images through boto3 against moto, and writes what CloudTrail would have recorded of it: calls.py FOLDER.

Writes trail.jsonl, all findings that must come of it (expected.jsonl: rule_id, resource, status), and what the AWS CLI prints
of images that no record tells of (images.json). What moto does not know is answered by botocore's Stubber, which checks
request and answer against the service's model. Ends with status 3 where PyPI cannot be reached.
"""
import datetime
import json
import os
import subprocess
import sys
import uuid

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 4))
sys.path.append(os.path.join(ROOT, "Tests"))

import pypi  # noqa: E402

pypi.enter("oracles")

import boto3  # noqa: E402
from botocore.stub import Stubber  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

BUILDERS, WORKLOADS, OUTSIDER = "123456789012", "111122223333", "444455556666"
REGION = "us-east-1"
# Calls that EC2 logs as {"<Call>Request": {…}}; all others have their parameters at the top.
WRAPPED = {"CreateLaunchTemplate", "DisableImage", "DisableImageBlockPublicAccess", "ExportImage", "DisableAllowedImagesSettings"}


def lower(name):
    return name[:1].lower() + name[1:]


def wire_name(name, shape):
    """The name under which the EC2 protocol sends a member."""
    written = shape.serialization
    return written.get("queryName") or (lambda text: text[:1].upper() + text[1:])(written.get("name", name))


def wrapped_request(shape, value):
    if shape.type_name == "structure":
        return {
            wire_name(name, shape.members[name]): wrapped_request(shape.members[name], member) for name, member in value.items()
        } or ""
    if shape.type_name == "list":
        members = []
        for number, member in enumerate(value, 1):
            written = wrapped_request(shape.member, member)
            members.append({**written, "tag": number} if isinstance(written, dict) else {"content": written, "tag": number})
        return members[0] if len(members) == 1 else members
    return value


def answer(shape, value, one, many):
    """A response, its lists as objects of the key `many`, or `one` member."""
    if shape.type_name == "structure":
        return {
            lower(shape.members[name].serialization.get("name", name)): answer(shape.members[name], member, one, many)
            for name, member in value.items()
            if name in shape.members
        }
    if shape.type_name == "list":
        members = [answer(shape.member, member, one, many) for member in value]
        return {one: members[0]} if one and len(members) == 1 else {many: members}
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


def items(values):
    return {"items": values}


def lowered(value):
    if isinstance(value, dict):
        return {lower(key): lowered(member) for key, member in value.items()}
    return [lowered(member) for member in value] if isinstance(value, list) else value


def flat_request(call, sent):
    """Parameters as the older calls of EC2 are logged, after records of each."""
    request = {}
    for name, value in sent.items():
        if name == "Resources":
            request["resourcesSet"] = items([{"resourceId": one} for one in value])
        elif name == "Tags":
            request["tagSet"] = items(lowered(value))
        elif name == "TagSpecifications":
            request["tagSpecificationSet"] = items(lowered(value))
        elif name == "LaunchPermission":
            request["launchPermission"] = {lower(way): items(lowered(all)) for way, all in value.items()}
            request["attributeType"] = "launchPermission"
        elif name == "CreateVolumePermission":
            request["createVolumePermission"] = {lower(way): items(lowered(all)) for way, all in value.items()}
            request["attributeType"] = "CREATE_VOLUME_PERMISSION"
        elif name == "InstanceIds":
            request["instancesSet"] = items([{"instanceId": one} for one in value])
        elif call == "RunInstances" and name in ("ImageId", "MinCount", "MaxCount"):
            request.setdefault("instancesSet", items([{}]))["items"][0][lower(name)] = value
        elif name == "BlockDeviceMappings":
            request["blockDeviceMapping"] = items(lowered(value))
        else:
            request[lower(name)] = lowered(value)
    return request


class Trail:
    """What CloudTrail would record of the calls of every client that it watches."""

    def __init__(self):
        self.records = []
        self.time = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.timezone.utc)

    def watch(self, client, account, role):
        sent = {}

        def remember(params, **_):
            sent["request"] = params

        def record(parsed, model, http_response, **_):
            self.time += datetime.timedelta(minutes=1)
            self.records.append(self.of(model, sent["request"], parsed, account, role, client.meta.region_name))

        client.meta.events.register("provide-client-params.ec2", remember)
        client.meta.events.register("after-call.ec2", record)

    def of(self, model, sent, parsed, account, role, region):
        call = model.name
        given = {name: value for name, value in sent.items() if name != "DryRun"}
        if call in WRAPPED:
            request = {f"{call}Request": wrapped_request(model.input_shape, given)}
            response = {f"{call}Response": answer(model.output_shape, parsed, "item", "item")}
        else:
            request = flat_request(call, given)
            response = answer(model.output_shape, parsed, None, "items") if model.output_shape else {"_return": True}
        return {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": f"AROAEXAMPLE:{role}",
                "arn": f"arn:aws:sts::{account}:assumed-role/{role}/session",
                "accountId": account,
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "arn": f"arn:aws:iam::{account}:role/{role}",
                        "accountId": account,
                        "userName": role,
                    }
                },
            },
            "eventTime": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": "ec2.amazonaws.com",
            "eventName": call,
            "awsRegion": region,
            "sourceIPAddress": "192.0.2.10",
            "userAgent": "Boto3",
            "requestParameters": request,
            "responseElements": response,
            "requestID": str(uuid.uuid4()),
            "eventID": str(uuid.uuid4()),
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        }


def main(folder):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    trail = Trail()
    os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION=REGION)

    def credentials(account):
        if account == BUILDERS:
            return {}
        given = boto3.client("sts", endpoint_url=url).assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="any"
        )["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def ec2(account, role, region=REGION, watched=True):
        client = boto3.client("ec2", endpoint_url=url, region_name=region, **credentials(account))
        if watched:
            trail.watch(client, account, role)
        return client

    def cli(account, *words):
        names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
        names["aws_session_token"] = "AWS_SESSION_TOKEN"
        given = {names[key]: value for key, value in credentials(account).items()}
        return subprocess.run(
            [os.path.join(sys.prefix, "bin", "aws"), "--endpoint-url", url, "--output", "json", "ec2", *words],
            env={**os.environ, **given},
            check=True,
            stdout=subprocess.PIPE,
        ).stdout

    def launch(client, **what):
        return client.run_instances(MinCount=1, MaxCount=1, **what)["Instances"][0]["InstanceId"]

    def stubbed(account, role, call, request, response):
        client = ec2(account, role)
        with Stubber(client) as stub:
            stub.add_response(call, response, request)
            getattr(client, call)(**request)

    def permission(way, **whom):
        return {way: [{name.title().replace("_", ""): value for name, value in whom.items()}]}

    expected = []

    def expect(rule, resource, status):
        expected.append({"rule_id": rule, "resource": resource, "status": status})

    builder, developer = ec2(BUILDERS, "image-builder"), ec2(BUILDERS, "developer")
    workloads, outsider = ec2(WORKLOADS, "developer"), ec2(OUTSIDER, "any", watched=False)
    amazon = builder.describe_images(Owners=["amazon"])["Images"]
    base = next(image for image in amazon if image["Name"].startswith("amzn2-ami"))["ImageId"]
    trail.records.clear()

    # A golden image comes into being and is shared inside the organisation: nothing.
    golden_tag = {"Key": "Approval", "Value": "golden"}
    team_tag = {"Key": "Team", "Value": "platform"}
    source = launch(builder, ImageId=base)
    golden = builder.create_image(
        InstanceId=source, Name="golden-1", TagSpecifications=[{"ResourceType": "image", "Tags": [golden_tag, team_tag]}]
    )["ImageId"]
    builder.modify_image_attribute(ImageId=golden, LaunchPermission=permission("Add", user_id=WORKLOADS))
    launch(workloads, ImageId=golden)

    # Shared outside by mistake, and taken back.
    developer.modify_image_attribute(ImageId=golden, LaunchPermission=permission("Add", user_id=OUTSIDER))
    developer.modify_image_attribute(ImageId=golden, LaunchPermission=permission("Remove", user_id=OUTSIDER))
    expect("ami-shared-with-untrusted-account", golden, "resolved")
    expect("ami-created-then-shared", golden, "open")
    expect("ami-shared-briefly", golden, "open")
    # The same by the older form of the call.
    developer.modify_image_attribute(ImageId=golden, Attribute="launchPermission", OperationType="add", UserGroups=["all"])
    expect("ami-shared-publicly", golden, "open")
    expect("ami-created-then-shared", golden, "open")

    # A copy by a developer has no tags: no required tag, no approval. Its launch is a finding, and so is a template.
    away = ec2(BUILDERS, "developer", "eu-west-1")
    copy = away.copy_image(SourceRegion=REGION, SourceImageId=golden, Name="copy")["ImageId"]
    expect("ami-created-without-required-tags", copy, "open")
    expect("ami-created-by-unauthorized-principal", copy, "open")
    expect("launch-from-unapproved-ami", launch(away, ImageId=copy), "open")
    template = away.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": copy})["LaunchTemplate"]
    expect("launch-template-uses-unapproved-ami", template["LaunchTemplateId"], "open")

    # The tag that approves is taken off by somebody who may not.
    developer.delete_tags(Resources=[golden], Tags=[golden_tag])
    expect("approval-tag-tampered", golden, "open")

    # The disk behind an image leaves by its snapshot.
    disk = {"DeviceName": "/dev/sda1", "Ebs": {}}
    volume = developer.describe_instances(InstanceIds=[source])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"]
    trail.records.pop()
    snapshot = developer.create_snapshot(VolumeId=volume[0]["Ebs"]["VolumeId"])["SnapshotId"]
    disk["Ebs"]["SnapshotId"] = snapshot
    registered = developer.register_image(
        Name="from-snapshot", RootDeviceName="/dev/sda1", BlockDeviceMappings=[disk],
        TagSpecifications=[{"ResourceType": "image", "Tags": [team_tag]}],
    )["ImageId"]
    developer.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission=permission("Add", user_id=OUTSIDER))
    expect("ami-snapshot-shared", snapshot, "open")
    developer.deregister_image(ImageId=registered)
    expect("ami-created-by-unauthorized-principal", registered, "resolved")

    # Calls that moto does not know.
    stubbed(
        BUILDERS, "developer", "export_image",
        {"ImageId": golden, "DiskImageFormat": "VMDK", "S3ExportLocation": {"S3Bucket": "bucket-of-somebody"}},
        {"ImageId": golden, "ExportImageTaskId": "export-ami-1", "DiskImageFormat": "VMDK"},
    )
    expect("ami-exported", golden, "open")
    stubbed(BUILDERS, "developer", "disable_image_block_public_access", {}, {"ImageBlockPublicAccessState": "unblocked"})
    expect("block-public-access-disabled", f"{BUILDERS}/{REGION}", "open")

    # An image of an outsider that no record tells of: only the inventory says whose it is.
    theirs = outsider.create_image(InstanceId=launch(outsider, ImageId=base), Name="theirs")["ImageId"]
    outsider.modify_image_attribute(ImageId=theirs, LaunchPermission=permission("Add", user_id=WORKLOADS))
    expect("launch-from-unapproved-ami", launch(workloads, ImageId=theirs), "open")

    pages = [cli(BUILDERS, "describe-images", "--image-ids", base), cli(OUTSIDER, "describe-images", "--owners", "self")]
    with open(os.path.join(folder, "images.json"), "wb") as file:
        file.write(b"\n".join(pages))
    for name, lines in ("trail.jsonl", trail.records), ("expected.jsonl", expected):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, default=str) + "\n" for line in lines)
    server.stop()


main(sys.argv[1])
