"""How CloudTrail writes the calls of the sample day down: identities, the two EC2 dialects, everyday noise.

Flat calls (RunInstances, CreateImage, ...) have lower-case keys and lists as {"items": [...]}. Wrapped calls (all newer
ones) stand below "<Call>Request" and "<Call>Response", count list members with "tag", and show a single member as
an object and an account id as a number.
"""

import base64
import hashlib
import uuid
from dataclasses import dataclass

DAY = "2026-03-17"
XMLNS = "http://ec2.amazonaws.com/doc/2016-11-15/"


def token(label: str, digits: int) -> str:
    """Hexadecimal digits that depend on the label alone."""
    return hashlib.sha256(label.encode()).hexdigest()[:digits]


def identifier(prefix: str, label: str) -> str:
    """A resource id such as ami-0..., always the same for one label."""
    return f"{prefix}-0{token(prefix + label, 16)}"


def guid(label: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(label.encode()).digest()[:16], version=4))


def key_id(kind: str, label: str) -> str:
    return f"{kind}{token(label, 9).upper()}EXAMPLE"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls AWS: a role's session, an IAM user, or a service in a role of its own."""

    name: str
    session: str | None = None
    path: str = ""
    address: str = "192.0.2.10"
    agent: str = "aws-cli/2.24.11 md/awscrt#0.23.8 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.12.9"
    service: str | None = None
    console: bool = False

    def identity(self, account: str) -> dict:
        if self.session is None:
            return {
                "type": "IAMUser", "principalId": key_id("AIDA", account + self.name),
                "arn": f"arn:aws:iam::{account}:user/{self.name}", "accountId": account,
                "accessKeyId": key_id("AKIA", account + self.name), "userName": self.name,
            }
        role_id = key_id("AROA", account + self.name)
        identity = {
            "type": "AssumedRole", "principalId": f"{role_id}:{self.session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{self.name}/{self.session}", "accountId": account,
            "accessKeyId": key_id("ASIA", account + self.name + self.session),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": role_id,
                    "arn": f"arn:aws:iam::{account}:role/{self.path}{self.name}", "accountId": account,
                    "userName": self.name,
                },
                "attributes": {"creationDate": f"{DAY}T05:02:11Z", "mfaAuthenticated": str(self.console).lower()},
            },
        }
        if self.service:
            identity["invokedBy"] = self.service
        return identity


def record(at, account, region, source, name, caller, request, response, *, error=None, read_only=False, mark=""):
    """One record. `error` is (code, message): such a call has no response."""
    label = f"{at}/{account}/{region}/{name}/{caller.name}/{mark}"
    service = source.split(".")[0]
    result = {
        "eventVersion": "1.11", "userIdentity": caller.identity(account), "eventTime": f"{DAY}T{at}Z",
        "eventSource": source, "eventName": name, "awsRegion": region,
        "sourceIPAddress": caller.service or caller.address, "userAgent": caller.service or caller.agent,
    }
    if error:
        result["errorCode"], result["errorMessage"] = error
    result |= {
        "requestParameters": request, "responseElements": None if error or read_only else response,
        "requestID": guid("request " + label), "eventID": guid(label), "readOnly": read_only,
        "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": account,
        "eventCategory": "Management",
    }
    if not caller.service:
        result["tlsDetails"] = {
            "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{region}.amazonaws.com",
        }
    if caller.console:
        result["sessionCredentialFromConsole"] = "true"
    return result


def items(*members) -> dict:
    return {"items": list(members)}


def tags(values: dict) -> list:
    return [{"key": key, "value": value} for key, value in values.items()]


def flat(at, account, region, name, caller, request, response=None, **options):
    """A call in EC2's older dialect."""
    answer = {"requestId": guid(f"answer {at}{account}{name}")} | (response or {"_return": True})
    return record(at, account, region, "ec2.amazonaws.com", name, caller, request, answer, **options)


def wrapped(at, account, region, name, caller, request, response=None, **options):
    """A call in EC2's newer dialect; a request without parameters is the empty string."""
    answer = {"xmlns": XMLNS, "requestId": guid(f"answer {at}{account}{name}")} | (response or {"return": True})
    return record(
        at, account, region, "ec2.amazonaws.com", name, caller, {f"{name}Request": request or ""},
        {f"{name}Response": answer}, **options)


def numbered(*values):
    """A list as the newer dialect writes it: counted from 1, one member alone, account ids as numbers."""
    members = []
    for count, value in enumerate(values, 1):
        if isinstance(value, dict):
            members.append({"tag": count} | value)
        else:
            members.append({"tag": count, "content": int(value) if value.isdigit() and value[0] != "0" else value})
    return members[0] if len(members) == 1 else members


def permission(image, *, add=None, remove=None) -> dict:
    """ModifyImageAttribute's parameters; `add` and `remove` are such as {"userId": "111122223333"}."""
    changes = {}
    if add:
        changes["add"] = items(add)
    if remove:
        changes["remove"] = items(remove)
    return {"imageId": image, "launchPermission": changes, "attributeType": "launchPermission"}


def launch(at, account, region, caller, image, instance, *, template=None, group=None):
    """RunInstances. With a launch template only the answer names the image."""
    asked = {"minCount": 1, "maxCount": 1}
    instance_tags = {}
    request = {"blockDeviceMapping": {}, "monitoring": {"enabled": False}, "disableApiTermination": False}
    if template:
        request["launchTemplate"] = {"launchTemplateId": template, "version": "1"}
        instance_tags |= {"aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": "1"}
    else:
        asked = {"imageId": image} | asked
        request |= {"instanceType": "m7i.large"}
    if group:
        instance_tags["aws:autoscaling:groupName"] = group
    subnet = identifier("subnet", account + region)
    request |= {"instancesSet": items(asked), "subnetId": subnet, "clientToken": guid("client " + instance)}
    answer = {
        "reservationId": identifier("r", instance), "ownerId": account, "groupSet": {},
        "instancesSet": items({
            "instanceId": instance, "imageId": image, "bootMode": "uefi-preferred",
            "instanceState": {"code": 0, "name": "pending"}, "privateDnsName": "ip-192-0-2-77.ec2.internal",
            "amiLaunchIndex": 0, "productCodes": {}, "instanceType": "m7i.large", "launchTime": 1773730000000,
            "placement": {"availabilityZone": region + "a", "tenancy": "default"},
            "monitoring": {"state": "disabled"}, "subnetId": subnet, "vpcId": identifier("vpc", account + region),
            "privateIpAddress": "192.0.2.77", "stateReason": {"code": "pending", "message": "pending"},
            "architecture": "x86_64", "rootDeviceType": "ebs", "rootDeviceName": "/dev/xvda",
            "blockDeviceMapping": {}, "virtualizationType": "hvm", "hypervisor": "xen",
            "tagSet": items(*tags(instance_tags)) if instance_tags else {},
            "groupSet": items({"groupId": identifier("sg", account + region), "groupName": "web"}),
            "sourceDestCheck": True, "ebsOptimized": False, "enaSupport": True,
            "metadataOptions": {"state": "pending", "httpTokens": "required", "httpEndpoint": "enabled"},
        }),
    }
    if caller.service:
        answer["requesterId"] = "000011112222"
    return flat(at, account, region, "RunInstances", caller, request, answer, mark=instance)


def terminate(at, account, region, caller, instance):
    answer = items({
        "instanceId": instance, "currentState": {"code": 32, "name": "shutting-down"},
        "previousState": {"code": 16, "name": "running"},
    })
    return flat(at, account, region, "TerminateInstances", caller, {"instancesSet": items({"instanceId": instance})},
                {"instancesSet": answer}, mark=instance)


def create_image(at, account, region, caller, instance, image, name, image_tags=None, snapshot_tags=None):
    wanted = [{"resourceType": kind, "tags": tags(values)}
              for kind, values in (("image", image_tags), ("snapshot", snapshot_tags)) if values]
    request = {"instanceId": instance, "name": name, "noReboot": True}
    if wanted:
        request["tagSpecificationSet"] = items(*wanted)
    return flat(at, account, region, "CreateImage", caller, request, {"imageId": image}, mark=image)


def everyday(choice, at, account, region, caller, mark):
    """One of the calls that make up nearly all of a trail and that are of no interest here."""
    def other(source, name, request, response=None, read_only=False):
        return record(at, account, region, source + ".amazonaws.com", name, caller, request, response,
                      read_only=read_only, mark=mark)

    instance, role = identifier("i", mark), f"arn:aws:iam::{account}:role/service-role/worker-{mark[-1]}"
    if choice == "DescribeInstances":
        return other("ec2", choice, {
            "maxResults": 100, "instancesSet": {}, "filterSet": items(
                {"name": "instance-state-name", "valueSet": items({"value": "running"}, {"value": "pending"})},
                {"name": "tag:Service", "valueSet": items({"value": "web"}, {"value": "batch"})})}, read_only=True)
    if choice == "DescribeImages":
        return other("ec2", choice, {
            "imagesSet": items({"imageId": identifier("ami", "golden-eu")}), "ownersSet": items({"owner": "self"}),
            "filterSet": {}}, read_only=True)
    if choice == "AssumeRole":
        secret = base64.b64encode(hashlib.sha512(mark.encode()).digest() * 3).decode()
        return other("sts", choice, {
            "roleArn": role, "roleSessionName": f"worker-{token(mark, 8)}", "durationSeconds": 3600}, {
            "credentials": {"accessKeyId": key_id("ASIA", mark), "sessionToken": secret,
                            "expiration": "Mar 17, 2026, 7:00:00 PM"},
            "assumedRoleUser": {"assumedRoleId": key_id("AROA", mark) + ":worker", "arn": role}}, read_only=True)
    if choice == "PutObject":
        result = other("s3", choice, {
            "bucketName": f"build-artifacts-{account}", "Host": f"build-artifacts-{account}.s3.{region}.amazonaws.com",
            "key": f"releases/{DAY}/{token(mark, 12)}.tar.zst", "x-amz-server-side-encryption": "aws:kms"},
            {"x-amz-server-side-encryption": "aws:kms"})
        return result | {"managementEvent": False, "eventCategory": "Data", "additionalEventData": {
            "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 48811.0,
            "AuthenticationMethod": "AuthHeader", "bytesTransferredOut": 0.0},
            "resources": [{"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::build-artifacts-{account}/"}]}
    if choice == "ConsoleLogin":
        return other("signin", choice, None, {"ConsoleLogin": "Success"}) | {
            "eventType": "AwsConsoleSignIn", "additionalEventData": {
                "LoginTo": f"https://{region}.console.aws.amazon.com/console/home?region={region}",
                "MobileVersion": "No", "MFAUsed": "Yes"}}
    if choice == "GenerateDataKey":
        key = f"arn:aws:kms:{region}:{account}:key/{guid(account + region)}"
        return other("kms", choice, {
            "keySpec": "AES_256", "keyId": key, "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::build-artifacts"}},
            read_only=True) | {"resources": [{"accountId": account, "type": "AWS::KMS::Key", "ARN": key}]}
    if choice == "UpdateInstanceInformation":
        return other("ssm", choice, {
            "instanceId": instance, "agentVersion": "3.3.1611.0", "agentStatus": "Active", "platformType": "Linux",
            "platformName": "Amazon Linux", "platformVersion": "2023", "iPAddress": "192.0.2.77",
            "computerName": f"ip-192-0-2-77.{region}.compute.internal", "agentName": "amazon-ssm-agent"})
    if choice == "StopInstances":
        return flat(at, account, region, choice, caller, {
            "instancesSet": items({"instanceId": instance}), "force": False}, {"instancesSet": items({
                "instanceId": instance, "currentState": {"code": 64, "name": "stopping"},
                "previousState": {"code": 16, "name": "running"}})}, mark=mark)
    if choice == "CreateImage":  # AppStream has a call of this name too: another service, another kind of image.
        return other("appstream", choice, {"imageBuilderName": "desk-builder", "name": "desk-2026-03"})
    if choice == "CreateSnapshot":
        return flat(at, account, region, choice, caller, {
            "volumeId": identifier("vol", mark), "description": "nightly"}, {
            "snapshotId": identifier("snap", mark), "status": "pending", "encrypted": True, "volumeSize": "100",
            "ownerId": account, "startTime": 1773730000000}, mark=mark)
    return other("logs", "CreateLogStream", {
        "logGroupName": f"/aws/lambda/worker-{mark[-1]}", "logStreamName": f"2026/03/17/[$LATEST]{token(mark, 32)}"})


EVERYDAY = {
    "DescribeInstances": 24, "AssumeRole": 22, "PutObject": 14, "GenerateDataKey": 12, "UpdateInstanceInformation": 10,
    "CreateLogStream": 8, "DescribeImages": 4, "ConsoleLogin": 2, "StopInstances": 2, "CreateSnapshot": 2,
    "CreateImage": 1,
}
