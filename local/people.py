"""The demo people of a local shop, and the tokens they call it with."""

from typing import Any

from local.secret import derived
from local.shop import Running

PEOPLE: dict[str, tuple[str, ...]] = {"ada": (), "sam": ("staff",)}


class NobodyThere(Exception):
    """A name no demo person has; the message names those there are."""


def ensure(running: Running) -> None:
    """Let the demo people be in the shop's user pool, each in their groups."""
    cognito = running.session().client("cognito-idp")
    for name, groups in PEOPLE.items():
        user = {"UserPoolId": running.outputs["UserPoolId"], "Username": name}
        if _is_complete(cognito, user):
            continue
        for group in groups:
            cognito.admin_add_user_to_group(**user, GroupName=group)
        # last: from now on the person counts as complete
        cognito.admin_set_user_password(**user, Password=password(running, name), Permanent=True)


def _is_complete(cognito: Any, user: dict[str, str]) -> bool:
    try:
        cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    except cognito.exceptions.UsernameExistsException:
        status: str = cognito.admin_get_user(**user)["UserStatus"]
        return status == "CONFIRMED"
    return False


def token(running: Running, name: str) -> str:
    """A fresh bearer token of the person, as the pages would get one by signing in."""
    _known(name)
    cognito = running.session().client("cognito-idp")
    answer: dict[str, Any] = cognito.admin_initiate_auth(
        UserPoolId=running.outputs["UserPoolId"],
        ClientId=running.outputs["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password(running, name)},
    )
    access_token: str = answer["AuthenticationResult"]["AccessToken"]
    return access_token


def password(running: Running, name: str) -> str:
    """With what the person signs in on the pages; another one in every shop."""
    _known(name)
    return f"Aa1!{derived(running.state, f'password of {name}')[:32]}"


def _known(name: str) -> None:
    if name not in PEOPLE:
        raise NobodyThere(f"There is no {name!r} in this shop; there are {' and '.join(PEOPLE)}.")
