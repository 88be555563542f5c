"""A test written with unittest, as Django's users write theirs."""

import unittest

from werkzeug.test import Client

from fake_every8d import FakeEvery8d

from .clinic import Clinic
from .every8d import Every8d


class SignUpTest(unittest.TestCase):
    every8d: FakeEvery8d

    @classmethod
    def setUpClass(cls) -> None:
        cls.every8d = cls.enterClassContext(FakeEvery8d())

    def setUp(self) -> None:
        self.every8d.reset()
        self.browser = Client(Clinic(Every8d(self.every8d.wsdl_url, "demo", "demo")))

    def test_sign_up_texts_a_code(self) -> None:
        self.browser.post("/signup", data={"phone": "0912345678"})

        sms = self.every8d.wait_for_message(to="0912345678")
        confirmation = {"phone": "0912345678", "code": sms.code}
        assert self.browser.post("/confirm", data=confirmation).status_code == 204
