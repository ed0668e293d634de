"""Who has entered the code that was sent has shown that the address is theirs."""

from typing import Any

from ministack.services import cognito


def confirmed_addresses_are_verified() -> None:
    """Upstream confirms the account but not its address, so nobody could sign in by it."""
    upstream = cognito._confirm_sign_up

    def confirm_sign_up(data: dict[str, Any]) -> Any:
        answer = upstream(data)
        if answer[0] == 200:
            pool, _ = cognito._pool_for_client(data["ClientId"])
            user, _ = cognito._resolve_user(pool, data["Username"])
            attributes = cognito._attr_list_to_dict(user["Attributes"])
            user["Attributes"] = cognito._dict_to_attr_list(attributes | {"email_verified": "true"})
        return answer

    cognito._confirm_sign_up = confirm_sign_up
