"""The screens of the kiosk: Dialog and Shop as text. No decisions here."""
