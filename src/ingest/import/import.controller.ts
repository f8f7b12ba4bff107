import { Controller, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DescribeRefusals } from '../../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import {
  nodeRequest,
  queryParameters,
  sendJson,
  takeOver,
  type HttpRequest,
  type HttpResponse,
} from '../../common/http.js';
import { DescribeImport } from './import.openapi.js';
import { ImportService } from './import.service.js';

@ApiTags('analytics')
@Controller('analytics/import')
@UseFilters(AnalyticsExceptionFilter)
export class ImportController {
  constructor(private readonly imports: ImportService) {}

  @Post()
  @DescribeImport()
  @DescribeRefusals('invalid_write_key')
  async receive(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    const node = nodeRequest(request);
    const answer = takeOver(response);
    const query = queryParameters(node);
    const { status, result } = await this.imports.receive(node, answer, query);
    sendJson(answer, status, result);
  }
}
