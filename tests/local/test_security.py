"""The AWS port and the gateway as another user of the machine meets them: without the key."""

from __future__ import annotations

import re
import stat
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import httpx
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.root_key import ACCOUNT, REGION, secret_key
from local.root_signature import RootSignature
from local.shop import LocalSession
from tests.local.engine import run_in_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.conftest import SmallShop

cloud = pytest.mark.cloud
BUCKET = "souk-attacked"
REFUSED = (
    "AccessDenied|MissingAuthentication|IncompleteSignature|UnrecognizedClient|"
    "AuthorizationHeaderMalformed"
)
OWN_ROUTES = [
    ("GET", "/_ministack/ses/messages"), ("GET", "/_ministack/sqs/messages"),
    ("POST", "/_ministack/reset"), ("POST", "/_ministack/config"), ("POST", "/_souk/meter"),
    ("GET", "/_souk/meter"), ("GET", "/health"), ("GET", "/_localstack/health"),
]  # fmt: skip


@pytest.fixture(scope="module")
def stranger(small_shop: SmallShop) -> Iterator[httpx.Client]:
    """Another user: reaches the AWS port, cannot read the state folder."""
    with httpx.Client(base_url=small_shop.running.endpoint, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def bucket(small_shop: SmallShop) -> str:
    s3 = small_shop.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="secret.txt", Body=b"secret")
    return BUCKET


def client_with(small_shop: SmallShop, service: str, *key: str) -> Any:
    """A client with an access key, a secret key and perhaps a session token."""
    session: Any = LocalSession(small_shop.running.endpoint, small_shop.running.state)
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return session.client(service, **dict(zip(names, key, strict=False)))


def list_tables(secret: str, access_key: str = ACCOUNT, token: str | None = None) -> AWSRequest:
    """A signed request; a test may change it afterwards."""
    headers = {
        "host": "",
        "x-amz-target": "DynamoDB_20120810.ListTables",
        "content-type": "application/x-amz-json-1.0",
    }
    request = AWSRequest("POST", "http://localhost/", headers, b"{}")
    request.context["signing"] = Credentials(access_key, secret, token)
    return request


def send_signed(client: httpx.Client, request: AWSRequest, body: bytes = b"{}") -> httpx.Response:
    url = httpx.URL(str(client.base_url))
    request.headers.replace_header("host", url.netloc.decode())
    SigV4Auth(request.context["signing"], "dynamodb", REGION).add_auth(request)
    return client.post("/", content=body, headers=dict(request.headers.items()))


# -- the key ------------------------------------------------------------------------------------


@cloud
def test_only_the_owner_can_read_the_key_and_it_differs_from_shop_to_shop(
    small_shop: SmallShop, tmp_path: Any
) -> None:
    state = small_shop.running.state

    assert stat.S_IMODE((state / "secret").stat().st_mode) == 0o600
    assert secret_key(state) != secret_key(tmp_path)
    assert len(secret_key(state)) == 64


@cloud
def test_the_root_user_is_let_in(small_shop: SmallShop, stranger: httpx.Client) -> None:
    secret = secret_key(small_shop.running.state)

    assert send_signed(stranger, list_tables(secret)).status_code == 200


@cloud
@pytest.mark.parametrize("access_key", [ACCOUNT, "111111111111", "test", "AKIAIOSFODNN7EXAMPLE"])
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("dynamodb", "list_tables"),
        ("s3", "list_buckets"),
        ("sts", "get_caller_identity"),
        ("lambda", "list_functions"),
        ("sns", "list_topics"),
    ],
)
def test_a_wrong_secret_is_refused(
    small_shop: SmallShop, access_key: str, service: str, operation: str
) -> None:
    client = client_with(small_shop, service, access_key, "local")

    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


@cloud
def test_a_stranger_cannot_create_or_invoke_a_function(small_shop: SmallShop) -> None:
    client: Any = client_with(small_shop, "lambda", ACCOUNT, "local")

    with pytest.raises(ClientError, match=r"InvalidSignature|SignatureDoesNotMatch"):
        client.invoke(FunctionName=small_shop.running.outputs["ProbeName"])


@cloud
def test_a_signature_is_valid_for_its_body_only(
    small_shop: SmallShop, stranger: httpx.Client
) -> None:
    secret = secret_key(small_shop.running.state)

    response = send_signed(stranger, list_tables(secret), body=b'{"Limit":1}')

    assert response.status_code == 400
    assert "Signature" in response.json()["__type"]


@cloud
def test_a_stated_body_hash_must_be_the_bodys(small_shop: SmallShop, bucket: str) -> None:
    """S3 signs the hash that a header states, so the body could be exchanged."""
    client: Any = small_shop.running.session().client("s3")
    changed: list[bytes] = []

    def exchange(request: Any, **_: Any) -> None:
        request.body = b"attack"
        changed.append(request.body)

    client.meta.events.register("before-send.s3.PutObject", exchange)

    with pytest.raises(ClientError, match=r"XAmzContentSHA256Mismatch|IncompleteBody"):
        client.put_object(Bucket=bucket, Key="k", Body=b"honest", ChecksumAlgorithm="CRC32")
    assert changed


@cloud
@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_signature_is_valid_for_minutes(
    small_shop: SmallShop,
    stranger: httpx.Client,
    minutes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: moment)

    response = send_signed(stranger, list_tables(secret_key(small_shop.running.state)))

    assert response.status_code == 400
    assert "Signature" in response.text


@cloud
def test_the_host_must_be_signed(small_shop: SmallShop, stranger: httpx.Client) -> None:
    class WithoutHost(SigV4Auth):
        def headers_to_sign(self, request: AWSRequest) -> Any:
            signed = super().headers_to_sign(request)
            del signed["host"]
            return signed

    request = list_tables(secret_key(small_shop.running.state))
    WithoutHost(request.context["signing"], "dynamodb", REGION).add_auth(request)
    del request.headers["host"]

    response = stranger.post("/", content=b"{}", headers=dict(request.headers.items()))

    assert "'Host' must be a signed header" in response.text


# -- temporary credentials ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def role_key(small_shop: SmallShop) -> tuple[str, str, str]:
    """The key of a role that trusts the account, with its session token."""
    small_shop.client("iam").create_role(
        RoleName="guest",
        AssumeRolePolicyDocument='{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        f'"Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}}}}]}}',
    )
    small_shop.client("iam").put_role_policy(
        RoleName="guest",
        PolicyName="tables",
        PolicyDocument='{"Statement":[{"Effect":"Allow","Action":"dynamodb:ListTables",'
        '"Resource":"*"}]}',
    )
    credentials = small_shop.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/guest", RoleSessionName="guest"
    )["Credentials"]
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return tuple(credentials[name] for name in names)


@cloud
def test_a_role_is_let_in_for_what_it_may_do(
    small_shop: SmallShop, role_key: tuple[str, str, str]
) -> None:
    tables: Any = client_with(small_shop, "dynamodb", *role_key)
    functions: Any = client_with(small_shop, "lambda", *role_key)

    assert tables.list_tables()["TableNames"]
    with pytest.raises(ClientError, match="AccessDenied"):
        functions.list_functions()


@cloud
@pytest.mark.parametrize("token", [None, "another token"])
def test_a_stolen_access_key_id_is_worth_nothing(
    small_shop: SmallShop, role_key: tuple[str, str, str], token: str | None
) -> None:
    access_key, secret, valid_token = role_key
    stolen_id: Any = client_with(small_shop, "dynamodb", access_key, "guessed", valid_token)
    without_token: Any = client_with(small_shop, "dynamodb", access_key, secret, token or "")

    for client in (stolen_id, without_token):
        with pytest.raises(ClientError):
            client.list_tables()


def test_a_functions_secret_cannot_be_computed_from_its_names() -> None:
    """MiniStack derives it from the ARNs of function and role alone."""
    output = run_in_engine("""
import hashlib
from ministack.core import lambda_runtime
from ministack.services import sts
config = {"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f", "Role": "role/r"}
guess = hashlib.sha256(b"arn:aws:lambda:us-east-1:000000000000:function:f:role/r").hexdigest()
secrets = {hashlib.sha256(f"{name}:{guess}".encode()).hexdigest() for name in ("secret", "token")}
before = lambda_runtime.execution_credentials(config)
patches.apply()
after = lambda_runtime.execution_credentials(config)
session = sts._sessions[after["AWS_ACCESS_KEY_ID"]]
print(secrets <= set(before.values()), secrets & {*after.values(), *map(str, session.values())})
print(session["SecretAccessKey"] == after["AWS_SECRET_ACCESS_KEY"])
""")

    assert output == "True set()\nTrue"


# -- unsigned -----------------------------------------------------------------------------------


@cloud
@pytest.mark.parametrize(("method", "path"), OWN_ROUTES)
def test_the_routes_that_aws_does_not_have_are_for_the_root_user(
    small_shop: SmallShop,
    stranger: httpx.Client,
    role_key: tuple[str, str, str],
    method: str,
    path: str,
) -> None:
    root = RootSignature(small_shop.running.state)
    role = AWSRequest(method, f"{small_shop.running.endpoint}{path}")
    SigV4Auth(Credentials(*role_key), "execute-api", REGION).add_auth(role)

    assert stranger.request(method, path).status_code in (400, 403)
    role_headers = dict(role.headers.items())
    assert stranger.request(method, path, headers=role_headers).status_code in (400, 403)
    if method == "GET":
        assert stranger.get(path, auth=root).status_code == 200


@cloud
@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("PUT", "/new-bucket", {}),
        ("GET", f"/{BUCKET}/secret.txt", {}),
        ("PUT", f"/{BUCKET}/secret.txt", {}),
        ("DELETE", f"/{BUCKET}/secret.txt", {}),
        ("POST", f"/{BUCKET}?delete", {}),
        ("GET", f"/{BUCKET}", {}),
        ("DELETE", f"/{BUCKET}", {}),
        ("PUT", f"/{BUCKET}?policy", {}),
        ("PUT", f"/{BUCKET}?cors", {}),
        ("GET", f"/{BUCKET}?acl", {}),
        ("PUT", f"/{BUCKET}/k", {"x-amz-copy-source": f"/{BUCKET}/secret.txt"}),
        ("POST", f"/{BUCKET}/k?uploads", {}),
        ("GET", "/2015-03-31/functions/", {}),
        ("POST", "/2015-03-31/functions/f/invocations", {}),
        ("POST", "/?Action=GetCallerIdentity&Version=2011-06-15", {}),
        ("POST", "/", {"x-amz-target": "DynamoDB_20120810.ListTables"}),
        ("POST", "/", {"x-amz-target": "AmazonSQS.ListQueues"}),
        ("POST", "/", {"x-amz-target": "AWSStepFunctions.ListStateMachines"}),
        ("POST", "/", {"x-amz-target": "secretsmanager.ListSecrets"}),
        ("POST", "/", {"x-amz-target": "AWSCognitoIdentityProviderService.ListUserPools"}),
        ("POST", "/", {"x-amz-target": "AWSCognitoIdentityProviderService.AdminGetUser"}),
        ("POST", f"/{BUCKET}", {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"}),
        ("POST", "/", {"x-amz-target": "AWSCognitoIdentityProviderService.NoSuchOperation"}),
        ("POST", "/v2/image/blobs/uploads/", {}),
        ("POST", "/v2/image/blobs/uploads/", {"host": "abcd1234.execute-api.localhost"}),
        ("GET", "/_aws/lambda-url/abc/", {}),
        ("GET", "/v2/email/identities", {}),
        ("POST", "/", {"authorization": "AWS 000000000000:c2lnbmF0dXJl"}),
        ("GET", "/?AWSAccessKeyId=000000000000&Signature=x&Expires=9999999999", {}),
        ("GET", "/?X-Amz-Credential=000000000000/20260101/us-east-1/s3/aws4_request", {}),
        ("POST", "/", {"authorization": "AWS4-HMAC-SHA256 Credential=000000000000/x"}),
        ("POST", "/", {"authorization": "Bearer 000000000000"}),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_call_that_aws_wants_signed_is_refused_without(
    stranger: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    if host := headers.get("host"):
        headers = {"host": f"{host}:{stranger.base_url.port}"}
    json_type = {"content-type": "application/x-amz-json-1.1"} if headers else {}

    response = stranger.request(method, path, headers=headers | json_type)

    assert response.status_code in (400, 403)
    assert re.search(REFUSED, response.text), response.text


@cloud
def test_customers_still_sign_up_and_call_apis_without_a_signature(
    small_shop: SmallShop, stranger: httpx.Client
) -> None:
    outputs = small_shop.running.outputs
    headers = {
        "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth",
        "content-type": "application/x-amz-json-1.1",
    }
    wrong = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": outputs["UserPoolClientId"],
        "AuthParameters": {"USERNAME": "nobody", "PASSWORD": "wrong"},
    }

    sign_in = stranger.post("/", headers=headers, json=wrong)
    api = stranger.get(f"/_aws/execute-api/{outputs['ApiId']}/no/such/route")
    keys = stranger.get(f"/{outputs['UserPoolId']}/.well-known/jwks.json")

    assert "MissingAuthentication" not in sign_in.text
    assert (api.status_code, keys.status_code) == (404, 200)


# -- presigned URLs and forms -------------------------------------------------------------------


def presign(small_shop: SmallShop, secret: str, *, seconds: int = 60, method: str = "GET") -> str:
    url = f"{small_shop.running.endpoint}/{BUCKET}/secret.txt"
    request = AWSRequest(method, url)
    S3SigV4QueryAuth(Credentials(ACCOUNT, secret), "s3", REGION, seconds).add_auth(request)
    return str(request.url)


@cloud
@pytest.mark.usefixtures("bucket")
def test_a_presigned_url_works_for_its_object_its_method_and_its_time(
    small_shop: SmallShop, stranger: httpx.Client
) -> None:
    secret = secret_key(small_shop.running.state)
    url = presign(small_shop, secret)
    query = dict(parse_qsl(urlsplit(url).query))
    longer = f"/{BUCKET}/secret.txt?{urlencode(query | {'X-Amz-Expires': '600'})}"
    expiring = presign(small_shop, secret, seconds=1)

    assert stranger.get(url).text == "secret"
    time.sleep(2.1)
    refused = [
        stranger.get(presign(small_shop, "local")),
        stranger.put(url, content=b"attack"),
        stranger.get(url.replace("secret.txt", "other.txt")),
        stranger.get(longer),
        stranger.get(expiring),
        stranger.get(presign(small_shop, secret, seconds=8 * 24 * 3600)),
    ]
    assert {response.status_code for response in refused} == {403}


@cloud
@pytest.mark.usefixtures("bucket")
def test_a_presigned_url_of_s3_is_worth_nothing_at_another_service(
    small_shop: SmallShop, stranger: httpx.Client
) -> None:
    url = presign(small_shop, secret_key(small_shop.running.state), method="POST")
    headers = {
        "x-amz-target": "DynamoDB_20120810.ListTables",
        "content-type": "application/x-amz-json-1.0",
    }

    response = stranger.post(url, headers=headers, content=b"{}")

    assert response.status_code == 400
    assert "TableNames" not in response.text


def upload_form(small_shop: SmallShop, secret: str, seconds: int = 60) -> dict[str, Any]:
    """A form for the object `new.txt`, as a handler makes it."""
    s3 = boto3.session.Session(ACCOUNT, secret, region_name=REGION).client(
        "s3",
        endpoint_url=small_shop.running.endpoint,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    return s3.generate_presigned_post(BUCKET, "new.txt", ExpiresIn=seconds)


@cloud
@pytest.mark.usefixtures("bucket")
def test_a_form_is_accepted_only_with_the_signature_of_its_policy(
    small_shop: SmallShop, stranger: httpx.Client
) -> None:
    form = upload_form(small_shop, secret_key(small_shop.running.state))
    expired = upload_form(small_shop, secret_key(small_shop.running.state), -1)["fields"]
    forged = upload_form(small_shop, "local")["fields"]

    def post(fields: dict[str, str]) -> int:
        return stranger.post(form["url"], data=fields, files={"file": b"x"}).status_code

    assert post(form["fields"]) == 204
    assert [
        post(form["fields"] | {"key": "other.txt"}),
        post(form["fields"] | {"x-amz-signature": "0" * 64}),
        post(form["fields"] | {"policy": expired["policy"]}),
        post(expired),
        post(forged),
        post({"key": "new.txt"}),
        post({"key": "new.txt", "awsaccesskeyid": ACCOUNT, "signature": "x", "policy": "e30="}),
    ] == [403] * 7


# -- other origins ------------------------------------------------------------------------------


@cloud
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil:{}",
        "abcd1234.execute-api.localhost:1",
        "abcd1234.execute-api.evil:{}",
    ],
)
@pytest.mark.parametrize("port", ["port", "aws_port"])
def test_a_foreign_host_name_is_refused(small_shop: SmallShop, host: str, port: str) -> None:
    number = getattr(small_shop.running, port)

    response = httpx.get(f"http://127.0.0.1:{number}/", headers={"host": host.format(number)})

    assert response.status_code == 421


@cloud
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("port", ["port", "aws_port"])
def test_this_machines_names_are_accepted(small_shop: SmallShop, name: str, port: str) -> None:
    number = getattr(small_shop.running, port)

    response = httpx.get(f"http://127.0.0.1:{number}/", headers={"host": f"{name}:{number}"})

    assert response.status_code != 421


@cloud
def test_only_a_buckets_own_rules_open_it_to_pages_of_other_origins(
    small_shop: SmallShop, stranger: httpx.Client, bucket: str
) -> None:
    rule = {"AllowedOrigins": ["http://page.example"], "AllowedMethods": ["POST"]}
    small_shop.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    preflight = {"access-control-request-method": "POST"}

    def allowed_origin(path: str, origin: str) -> str | None:
        response = stranger.options(path, headers=preflight | {"origin": origin})
        origin_allowed: str | None = response.headers.get("access-control-allow-origin")
        return origin_allowed

    assert allowed_origin(f"/{bucket}", "http://page.example") == "http://page.example"
    assert allowed_origin(f"/{bucket}", "http://evil.example") is None
    assert allowed_origin("/", "http://page.example") is None
    assert allowed_origin("/login", "http://page.example") is None
    signed = stranger.get("/health", auth=RootSignature(small_shop.running.state))
    jwks = stranger.get(f"/{small_shop.running.outputs['UserPoolId']}/.well-known/jwks.json")
    for response in (signed, jwks, stranger.get("/")):
        assert not [name for name in response.headers if name.startswith("access-control-")]
