"""The demo users of a local shop: a customer and a member of staff."""

from typing import Any

from local.secret import derive
from local.shop import RunningShop

DEMO_USERS: dict[str, tuple[str, ...]] = {"ada": (), "sam": ("staff",)}
"""User name to Cognito groups."""


class UnknownDemoUser(Exception):
    """There is no demo user of this name; the message lists those there are."""


def ensure_exist(running: RunningShop) -> None:
    """Create the demo users that are missing in the shop's user pool."""
    cognito = running.session().client("cognito-idp")
    for name, groups in DEMO_USERS.items():
        user = {"UserPoolId": running.outputs["UserPoolId"], "Username": name}
        if _is_confirmed(cognito, user):
            continue
        for group in groups:
            cognito.admin_add_user_to_group(**user, GroupName=group)
        # Last, because it confirms the user, and a confirmed user counts as complete.
        cognito.admin_set_user_password(**user, Password=password(running, name), Permanent=True)


def _is_confirmed(cognito: Any, user: dict[str, str]) -> bool:
    """Creates the user if necessary; a user just created is not confirmed."""
    try:
        cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    except cognito.exceptions.UsernameExistsException:
        status: str = cognito.admin_get_user(**user)["UserStatus"]
        return status == "CONFIRMED"
    return False


def sign_in(running: RunningShop, name: str) -> str:
    """A new access token of the user. Raises UnknownDemoUser."""
    _check_name(name)
    cognito = running.session().client("cognito-idp")
    response: dict[str, Any] = cognito.admin_initiate_auth(
        UserPoolId=running.outputs["UserPoolId"],
        ClientId=running.outputs["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password(running, name)},
    )
    access_token: str = response["AuthenticationResult"]["AccessToken"]
    return access_token


def password(running: RunningShop, name: str) -> str:
    """The user's password, which differs from shop to shop. Raises UnknownDemoUser."""
    _check_name(name)
    return f"Aa1!{derive(running.state, f'password of {name}')[:32]}"


def _check_name(name: str) -> None:
    if name not in DEMO_USERS:
        names = " and ".join(DEMO_USERS)
        raise UnknownDemoUser(f"There is no demo user {name!r}; there are {names}.")
