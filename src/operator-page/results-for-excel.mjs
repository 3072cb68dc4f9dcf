import { BOM, csvRows } from '../../dist/src/ledger/csv-rows.js';

const HEADS = ['行号', '编号', '结果', '原因', '分数', '台账', '错误', '说明'];

/** All rows as one file. What a spreadsheet would compute or round is text in it, and what is not known is empty. */
export default function (msg) {
  return {
    ...msg,
    payload: BOM + csvRows([HEADS, ...msg.payload.map((row) => HEADS.map((head) => row[head]))]),
  };
}
