"""Sign-up: entering the code from the email verifies the address."""

from typing import Any

from ministack.services import cognito


def verify_confirmed_emails() -> None:
    """MiniStack's ConfirmSignUp confirms the account but does not set `email_verified`.

    On AWS it sets the attribute too. Without it, nobody can sign in by email address.
    """
    upstream = cognito._confirm_sign_up

    def confirm_sign_up(data: dict[str, Any]) -> Any:
        response = upstream(data)
        if response[0] == 200:
            pool, _ = cognito._pool_for_client(data["ClientId"])
            user, _ = cognito._resolve_user(pool, data["Username"])
            attributes = cognito._attr_list_to_dict(user["Attributes"])
            user["Attributes"] = cognito._dict_to_attr_list(attributes | {"email_verified": "true"})
        return response

    cognito._confirm_sign_up = confirm_sign_up
