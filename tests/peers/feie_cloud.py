"""飞鹅云 as its API describes it: it checks each signature, takes papers, and tells of its printer and its orders."""

import hashlib
import time
from typing import Any

from tests.peers.cloud_vendor import CloudVendor

USER, UKEY, SN = "shop@example.com", "ZZeg7WH2u49FS4nH", "316500011"


class FeieCloud(CloudVendor):
    """A running cloud with one account and one printer."""

    def judge(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        self.asked.append(form.get("apiname", ""))
        signed = hashlib.sha1((USER + UKEY + form["stime"]).encode()).hexdigest()
        if (
            form.get("user") != USER
            or form.get("sig") != signed
            or abs(int(form["stime"]) - time.time()) > 60
        ):
            return {"ret": -2, "msg": "参数错误 : 签名错误", "data": None}
        match form["apiname"]:
            case "Open_queryPrinterStatus" if form["sn"] == SN:
                return {"ret": 0, "msg": "ok", "data": "离线。" if self.offline else "在线，工作状态正常。"}
            case "Open_printMsg" if form["sn"] == SN and form["times"] == "1":
                assert 0 < int(form["expired"]) - time.time() <= 24 * 3600
                return {"ret": 0, "msg": "ok", "data": self.take(form["content"])}
            case "Open_queryOrderState":
                return {"ret": 0, "msg": "ok", "data": form["orderid"] in self.done}
        return {"ret": 1002, "msg": "打印机编号和用户不匹配", "data": None}
